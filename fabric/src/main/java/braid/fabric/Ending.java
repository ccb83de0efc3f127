package braid.fabric;

/// Why a connection, or the attempt to make one, ended below the protocol.
///
/// @param kind   UNREACHABLE, REFUSED, LOST or PEER_CLOSED
/// @param detail one line for people, with the remedy if there is one
public record Ending(FabricEvent.Kind kind, String detail) {}
