package braid.fabric.directory;

/// Which node may speak for a guest's MAC address.
///
/// The token is a fencing token: it grows with each change of the owner, for all addresses
/// together, so of two nodes that both believe to own an address, the one with the larger token is
/// right.
///
/// @param mac   MAC address, 48 bits, first octet highest
/// @param node  the owner
/// @param token 1 or more
public record Ownership(long mac, String node, long token) {}
