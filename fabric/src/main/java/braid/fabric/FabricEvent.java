package braid.fabric;

/// One thing that happened to a connection with another node.
///
/// @param kind   what
/// @param node   the peer's name, or its address while the name is not proven
/// @param user   whose session (a bond's name), empty while unknown
/// @param nic    which NIC, empty while unknown
/// @param detail one line for people: the cause and, where there is one, the remedy
public record FabricEvent(Kind kind, String node, String user, String nic, String detail) {
  /// What can happen. The first four faults look alike to traffic and are different to whoever must
  /// mend them.
  public enum Kind {
    /// The session is established (again).
    CONNECTED,
    /// Nobody listens there, or no way leads there.
    UNREACHABLE,
    /// One of the two ends would not have the other: certificate, name, version, unknown NIC.
    REFUSED,
    /// The peer said goodbye.
    PEER_CLOSED,
    /// The connection was cut: reset, or closed without a goodbye, as when a process is killed.
    LOST,
    /// The connection stands and nothing comes: the peer hangs, or the way is silent.
    HUNG,
    /// The socket takes no more: the way, or the peer's reading, is slower than what we send.
    BLOCKED,
    /// The socket takes bytes again.
    UNBLOCKED,
    /// The peer broke the protocol; the connection was ended.
    MISBEHAVED,
    /// A newer session of the same user took this one's place.
    REPLACED,
    /// Frames without an answer were given up, or a session whose user did not return.
    EXPIRED
  }
}
