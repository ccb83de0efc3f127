package braid.port;

/// A place where frames come out of and go into: a guest's queue pair, a TAP, a NIC, another node's
/// NIC, a bond of ports.
///
/// **Thread**: all methods are called by the one worker that owns the port, except [#name] and
/// [#counters], which any thread may call.
///
/// **Ownership**: [#receive] makes the caller the holder of each frame; [#send] makes the port the
/// holder. A holder either passes a frame on or releases it.
///
/// **Errors**: the data path never throws. What cannot be moved is dropped and counted by reason in
/// [#counters].
public interface Port {
  /// Name for logs, metrics and captures; unique within a node.
  String name();

  /// Takes up to `max` frames out of the port into `into[0..n)`.
  ///
  /// @return how many, 0 when none wait
  int receive(Frame[] into, int max);

  /// Gives `frames[0..count)` to the port, in order. The port takes them all: what does not fit is
  /// dropped, released and counted. Callers that can wait ask [#room] first.
  void send(Frame[] frames, int count);

  /// How many frames [#send] would take now without a drop; at least that many, not exactly.
  int room();

  /// Ends a batch: one doorbell, one submit, for all that [#receive] and [#send] did since the last
  /// call.
  void flush();

  /// Carrier and speed as last reported: a field read. Changes arrive as commands on the worker,
  /// never by polling here.
  LinkState link();

  /// Called before the worker sleeps: from now on the port must wake the worker when a frame
  /// arrives, and, if [#room] is 0, when room appears.
  ///
  /// @return true when frames wait already (they came between the last [#receive] and this call):
  ///     do not sleep
  boolean arm();

  /// When this port next needs [#receive] to be called even if nothing arrives (timers), on the
  /// worker's clock.
  ///
  /// @return nanoseconds on the clock, [Long#MAX_VALUE] for never
  default long deadline() {
    return Long.MAX_VALUE;
  }

  /// Takes back frames that [#send] accepted and the device has not completed, oldest first: the
  /// caller becomes their holder and may send them elsewhere. A port that cannot know (a
  /// TAP) gives none. Used after the port died; what the device may still transmit later is the
  /// caller's risk and is handed out as a copy.
  ///
  /// @return how many were put into `into`; call again until 0
  default int recall(Frame[] into, int max) {
    return 0;
  }

  /// How many frames [#send] accepted and the device has not completed: 0 before a port can be
  /// taken away without loss. A port that cannot know says 0.
  default int pending() {
    return 0;
  }

  /// No data can arrive, because the memory for it is full of frames that [#receive] gave out and
  /// whose holders keep them: that none comes says nothing of the far end. False for a port whose
  /// frames wait elsewhere meanwhile.
  default boolean blocked() {
    return false;
  }

  /// Frames, bytes and drops by reason.
  PortCounters counters();
}
