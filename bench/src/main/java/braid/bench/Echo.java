package braid.bench;

import braid.port.Frame;
import braid.port.Port;
import braid.port.Pump;

/// Sends back what a port gives: the loop.
final class Echo implements Pump {
  private static final int BATCH = 64;

  private final Port port;
  private final Frame[] batch = new Frame[BATCH];
  private long frames;
  private long batches;

  Echo(Port port) {
    this.port = port;
  }

  @Override
  public int pump() {
    int count = port.receive(batch, Math.min(BATCH, port.room()));
    if (count > 0) {
      port.send(batch, count);
      frames += count;
      batches++;
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

  /// Calls that moved frames; the worker's thread.
  long batches() {
    return batches;
  }

  /// Frames sent back so far; the worker's thread.
  long frames() {
    return frames;
  }
}
