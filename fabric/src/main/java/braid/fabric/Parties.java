package braid.fabric;

import org.jspecify.annotations.Nullable;

/// Who is who in a session.
///
/// @param peer the other node
/// @param user who uses the NIC
/// @param nic  which NIC
/// @param dial begins an attempt to connect; null on the end that answers
record Parties(String peer, String user, String nic, @Nullable Runnable dial) {}
