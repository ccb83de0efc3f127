package braid.ssi;

/// One rhythm: when to send next, and when silence has become loss.
///
/// Time in which the worker itself stood still does not count ([#stalled]): what the peer sent
/// meanwhile waits in a queue, and if the peer stood still with us (one machine, one debugger) its
/// silence says nothing.
final class Heartbeat {
  private long everyNanos;
  private long lossNanos;
  private long nextSend;
  private long last;
  private boolean heard;
  private boolean everHeard;

  Heartbeat(long everyNanos, long lossNanos) {
    rhythm(everyNanos, lossNanos);
  }

  /// Another rhythm from the next beat on.
  void rhythm(long every, long loss) {
    everyNanos = every;
    lossNanos = loss;
  }

  /// Starts anew: nothing heard, a beat due at once.
  void reset(long now) {
    heard = false;
    everHeard = false;
    nextSend = now;
  }

  void heard(long now) {
    heard = true;
    everHeard = true;
    last = now;
  }

  /// The peer was heard and has not been lost since.
  boolean hearing() {
    return heard;
  }

  /// How long the peer has been silent; 0 before it was ever heard.
  long silence(long now) {
    return everHeard ? now - last : 0;
  }

  /// Declares loss when the silence is long enough. Only after everything received was handled.
  ///
  /// @return true when the peer is lost with this call
  boolean lost(long now) {
    if (heard && now - last >= lossNanos) {
      heard = false;
      return true;
    }
    return false;
  }

  /// Loss was found by other means.
  void lose() {
    heard = false;
  }

  /// The worker stood still for `nanos`.
  void stalled(long nanos) {
    last += nanos;
  }

  /// Nothing could be heard until now: silence begins here.
  void deaf(long now) {
    last = now;
  }

  boolean due(long now) {
    return now >= nextSend;
  }

  /// A beat was sent, due or early. After a pause of ours beats are not made up for.
  void sent(long now) {
    nextSend += everyNanos;
    if (nextSend <= now || nextSend > now + everyNanos) {
      nextSend = now + everyNanos;
    }
  }

  /// The next beat goes at once.
  void sendAt(long now) {
    nextSend = now;
  }

  long everyNanos() {
    return everyNanos;
  }

  long lossNanos() {
    return lossNanos;
  }

  long nextSend() {
    return nextSend;
  }

  /// When silence becomes loss, [Long#MAX_VALUE] when nothing is heard.
  long lossAt() {
    return heard ? last + lossNanos : Long.MAX_VALUE;
  }
}
