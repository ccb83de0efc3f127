package braid.cli.control;

import braid.port.CaptureRing;
import braid.port.Clock;
import braid.port.TapPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// A running capture: the frames of some ports of one worker, as a pcapng stream, until its limit
/// or until it is told to end.
///
/// The ports' worker copies frames into a ring and never waits; the thread that calls [#run] writes
/// them on as fast as its sink takes them. Frames that found the ring full are missing, counted,
/// and said in the statistics blocks at the end.
///
/// A frame is captured as it passes: a GSO frame whole, a checksum that hardware is to fill in
/// unfilled.
public final class Capture {
  /// Holds what passes in 20 ms at 1.6 Gbit/s.
  public static final int RING_BYTES = 4 << 20;

  /// How often an empty ring is looked at: no wake-up costs the worker anything.
  private static final long LOOK_AGAIN_NANOS = 5_000_000;

  private final List<TapPoint> taps;
  private final CaptureRing ring;
  private final Clock clock = Clock.sinceEpoch();
  private boolean begun;

  /// A capture that has not begun.
  ///
  /// @param taps       ports of one worker
  /// @param snapLength most bytes of a frame that are kept, 1 to [braid.port.Frame#BYTES_MAX]
  /// @param limit      ends by itself after so many frames, 1 to [Long#MAX_VALUE]
  /// @param ringBytes  a power of two, at least [CaptureRing#BYTES_MIN]
  public Capture(List<TapPoint> taps, int snapLength, long limit, int ringBytes) {
    this.taps = List.copyOf(taps);
    this.ring = new CaptureRing(ringBytes, taps.size(), snapLength, limit, clock);
  }

  /// Copies frames from now on, into the ring until [#run] takes them out. Done by [#run] if it was
  /// not before. One thread, the one that calls or starts [#run].
  public Capture begin() {
    if (!begun) {
      begun = true;
      for (int i = 0; i < taps.size(); i++) {
        taps.get(i).attach(ring, i);
      }
    }
    return this;
  }

  /// Captures until the limit, `end` or an error of the sink.
  ///
  /// @param <X>  what the sink can throw
  /// @param end  asked every few milliseconds: true ends the capture, with all that was caught
  /// @param sink gets a pcapng stream in pieces, on this thread
  public <X extends Exception> void run(BooleanSupplier end, CaptureRing.Sink<X> sink) throws X {
    begin();
    try {
      List<String> names = new ArrayList<>();
      taps.forEach(tap -> names.add(tap.name()));
      sink.write(Pcapng.header("braid", names, ring.snapLength()));
      while (!end.getAsBoolean() && !ring.full()) {
        if (ring.drain(sink) == 0) {
          LockSupport.parkNanos(this, LOOK_AGAIN_NANOS);
        }
      }
    } finally {
      taps.forEach(tap -> tap.detach(ring));
    }
    ring.drain(sink);
    for (int i = 0; i < taps.size(); i++) {
      sink.write(Pcapng.statistics(i, clock.nanos(), ring.taken(i), ring.lost(i)));
    }
  }

  /// Frames captured so far.
  public long taken() {
    return ring.taken();
  }

  /// Frames that are missing because the sink was too slow.
  public long lost() {
    return ring.lost();
  }
}
