package braid.host;

import braid.port.Cable;
import braid.port.Frame;
import braid.port.Port;
import braid.port.Pump;

/// Sends what a port gives back into the same port.
final class Loop implements Pump {
  private final Port port;
  private final Frame[] batch = new Frame[Cable.BATCH];

  Loop(Port port) {
    this.port = port;
  }

  @Override
  public int pump() {
    int count = port.receive(batch, Math.min(Cable.BATCH, port.room()));
    if (count > 0) {
      port.send(batch, count);
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
}
