package braid.port;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// What went through a port. `rx` is what [Port#receive] gave, `tx` what [Port#send] took and did
/// not drop; bytes are frame bytes without the virtio_net_hdr.
public final class PortCounters {
  private final List<Counter> all = new CopyOnWriteArrayList<>();

  /// Frames that the port gave.
  public final Counter rxFrames = counter("rx_frames");

  /// Bytes that the port gave.
  public final Counter rxBytes = counter("rx_bytes");

  /// Frames that the port took.
  public final Counter txFrames = counter("tx_frames");

  /// Bytes that the port took.
  public final Counter txBytes = counter("tx_bytes");

  /// Counters at 0.
  public PortCounters() {}

  /// Adds a counter of the port's own, once, when the port is made.
  ///
  /// @param name snake case; drops start with `rx_drop_` or `tx_drop_` and name the reason
  public Counter counter(String name) {
    Counter counter = new Counter(name);
    all.add(counter);
    return counter;
  }

  /// All counters in the order they were made; any thread.
  public List<Counter> all() {
    return List.copyOf(all);
  }

  @Override
  public String toString() {
    return all.toString();
  }
}
