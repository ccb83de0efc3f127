package braid.tck;

import java.nio.file.Path;

/// A back-end under test.
///
/// @param socket         where it listens
/// @param patienceMillis how long a reaction is waited for before it counts as none
/// @param echo           it sends each frame back to the guest it came from; some cases need that
public record Subject(Path socket, int patienceMillis, boolean echo) {}
