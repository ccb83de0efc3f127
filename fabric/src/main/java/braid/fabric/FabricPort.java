package braid.fabric;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;

/// Another node's NIC as a port, or, on the NIC's own node, the user that reaches for it.
public final class FabricPort implements Port {
  FabricPort() {}

  /// Tells the far end the state of the NIC behind this end; sent now if connected and with each
  /// greeting. Without it the far end's link is down. The worker.
  public void announce(LinkState state) {
    throw new UnsupportedOperationException();
  }

  /// Frames that [#send] accepted and the far NIC has not taken yet. The worker.
  public int inFlight() {
    throw new UnsupportedOperationException();
  }

  /// The session is established, whatever the far NIC's carrier. The worker.
  public boolean connected() {
    throw new UnsupportedOperationException();
  }

  /// The last measured time there and back of a control record, in nanoseconds; 0 while unknown. The
  /// worker.
  public long roundTripNanos() {
    throw new UnsupportedOperationException();
  }

  /// Ends the session for good: says goodbye, releases what was not answered (recall it before, if
  /// it is to go another way) and what was not taken. The worker.
  ///
  /// @param reason told to the peer
  public void close(String reason) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String name() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int receive(Frame[] into, int max) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void send(Frame[] frames, int count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int room() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void flush() {
    throw new UnsupportedOperationException();
  }

  @Override
  public LinkState link() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean arm() {
    throw new UnsupportedOperationException();
  }

  @Override
  public int recall(Frame[] into, int max) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PortCounters counters() {
    throw new UnsupportedOperationException();
  }
}
