package braid.bench;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.Port;
import braid.port.Pump;

/// Sends back what a port gives: the loop.
final class Echo implements Pump {
  private static final int BATCH = 64;

  private final Port port;
  private final Frame[] batch = new Frame[BATCH];
  private final Counter frames = new Counter("frames");
  private final Counter batches = new Counter("batches");

  Echo(Port port) {
    this.port = port;
  }

  @Override
  public int pump() {
    int count = port.receive(batch, Math.min(BATCH, port.room()));
    if (count > 0) {
      port.send(batch, count);
      frames.add(count);
      batches.add(1);
    }
    port.flush();
    return count;
  }

  @Override
  public boolean arm() {
    return port.arm() && port.room() > 0;
  }

  @Override
  public long deadline() {
    return port.deadline();
  }

  /// Calls that moved frames; any thread.
  long batches() {
    return batches.get();
  }

  /// Frames sent back so far; any thread.
  long frames() {
    return frames.get();
  }
}
