package braid.fabric;

/// Plugs the sessions of one NIC of ours in and out. All calls on the worker.
public interface SessionHandler {
  /// A user on another node begins a session. The handler joins `session` with the NIC (a cable, a
  /// switch) and tells the NIC's state by [FabricPort#announce], before it returns if it can: the
  /// peer then learns it with the greeting.
  void opened(FabricPort session, PeerInfo peer);

  /// The session is over: the peer ended it, replaced it, or did not come back in time. Take the
  /// port out; frames of it that are still held stay valid until released.
  ///
  /// @param reason one clause, for people
  void closed(FabricPort session, PeerInfo peer, String reason);
}
