package braid.cli;

import braid.port.LinkState;
import braid.port.Port;
import braid.port.Pump;
import java.util.function.Consumer;

/// Tells when a port's link is another than before, within the turn in which it changed. Ports show
/// their link and do not tell; this is who looks. Added to the worker behind the cable that makes
/// the port run.
final class LinkWatch implements Pump {
  private final Port port;
  private final Consumer<LinkState> told;
  private LinkState seen = LinkState.DOWN;

  /// @param told on the worker
  LinkWatch(Port port, Consumer<LinkState> told) {
    this.port = port;
    this.told = told;
  }

  @Override
  public int pump() {
    LinkState now = port.link();
    if (!now.equals(seen)) {
      seen = now;
      told.accept(now);
    }
    return 0;
  }

  @Override
  public boolean arm() {
    return !port.link().equals(seen);
  }

  @Override
  public long deadline() {
    return Long.MAX_VALUE;
  }

  @Override
  public String toString() {
    return "LinkWatch[" + port.name() + "]";
  }
}
