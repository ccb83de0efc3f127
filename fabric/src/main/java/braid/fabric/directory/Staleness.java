package braid.fabric.directory;

import java.time.Instant;

/// Why a map may be older than the world.
///
/// @param reason one clause for people, such as `no majority: 1 of 3 members`
/// @param since  from when on; until then the map was right
public record Staleness(String reason, Instant since) {}
