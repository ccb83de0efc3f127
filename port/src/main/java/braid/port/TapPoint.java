package braid.port;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Wraps a port so that its frames can be watched while everything runs: a [CaptureRing] is
/// attached and detached by any thread at any time.
///
/// With nothing attached it costs one field read a batch. With something attached each frame is
/// copied into the ring; the worker never waits for the reader, and a full ring loses the copy, not
/// the frame.
///
/// **Thread**: a [Port]'s, but [#attach] and [#detach] are for any. A frame that the worker is just
/// copying may still arrive in the ring after [#detach] returned.
public final class TapPoint implements Port {
  /// A ring and the port's number in it.
  private record Tap(CaptureRing ring, int port) {}

  private final Port inner;

  /// Replaced as a whole; null costs least to look at.
  private volatile Tap @Nullable [] taps;

  /// Nothing attached.
  ///
  /// @param inner the port that can be watched; name and counters are its own
  public TapPoint(Port inner) {
    this.inner = inner;
  }

  /// The port inside.
  public Port inner() {
    return inner;
  }

  /// Copies frames into `ring` from now on. A ring may be attached to several ports of one worker;
  /// all its frames then lie in the order in which they passed.
  ///
  /// @param port number of this port in the capture's interface descriptions, from 0
  public synchronized void attach(CaptureRing ring, int port) {
    Tap[] before = taps;
    Tap[] after = before == null ? new Tap[1] : Arrays.copyOf(before, before.length + 1);
    after[after.length - 1] = new Tap(ring, port);
    taps = after;
  }

  /// Copies no more into `ring`; nothing happens when it is not attached.
  public synchronized void detach(CaptureRing ring) {
    Tap[] before = taps;
    if (before != null) {
      Tap[] after = Arrays.stream(before).filter(tap -> tap.ring != ring).toArray(Tap[]::new);
      taps = after.length == 0 ? null : after;
    }
  }

  /// How many rings are attached.
  public int attached() {
    Tap[] now = taps;
    return now == null ? 0 : now.length;
  }

  private static void copy(Tap[] taps, Frame[] frames, int count, int direction) {
    for (Tap tap : taps) {
      for (int i = 0; i < count; i++) {
        tap.ring.put(frames[i], tap.port, direction);
      }
    }
  }

  @Override
  public int receive(Frame[] into, int max) {
    int count = inner.receive(into, max);
    Tap[] now = taps;
    if (now != null) {
      copy(now, into, count, CaptureRing.INBOUND);
    }
    return count;
  }

  @Override
  public void send(Frame[] frames, int count) {
    Tap[] now = taps;
    if (now != null) {
      copy(now, frames, count, CaptureRing.OUTBOUND);
    }
    inner.send(frames, count);
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public int room() {
    return inner.room();
  }

  @Override
  public void flush() {
    inner.flush();
  }

  @Override
  public LinkState link() {
    return inner.link();
  }

  @Override
  public boolean arm() {
    return inner.arm();
  }

  @Override
  public long deadline() {
    return inner.deadline();
  }

  @Override
  public int recall(Frame[] into, int max) {
    return inner.recall(into, max);
  }

  @Override
  public int pending() {
    return inner.pending();
  }

  @Override
  public boolean blocked() {
    return inner.blocked();
  }

  @Override
  public PortCounters counters() {
    return inner.counters();
  }

  @Override
  public String toString() {
    return "TapPoint[" + inner + "]";
  }
}
