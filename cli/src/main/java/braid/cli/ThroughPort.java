package braid.cli;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;

/// Wraps a port and passes everything on: for those that look at one thing only.
///
/// **Thread**: a [Port]'s.
class ThroughPort implements Port {
  private final Port inner;

  ThroughPort(Port inner) {
    this.inner = inner;
  }

  @Override
  public int receive(Frame[] into, int max) {
    return inner.receive(into, max);
  }

  @Override
  public void send(Frame[] frames, int count) {
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
}
