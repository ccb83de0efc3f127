package braid.cli;

import braid.port.Frame;
import braid.port.Port;
import java.util.function.LongPredicate;

/// Learns a guest's address from its first frame, where the configuration does not give it: a VMM
/// may have an address of its own for the guest. From then on the guest is held to it until its
/// driver leaves.
///
/// **Thread**: the worker.
final class SourceLock extends ThroughPort {
  private static final int SOURCE = 6;
  private static final int MACS_BYTES = 12;
  private static final long GROUP = 0x0100_0000_0000L;

  private final LongPredicate learned;
  private boolean locked;

  /// @param inner   the guest's port
  /// @param learned told the first address; false to look at the next frame again
  SourceLock(Port inner, LongPredicate learned) {
    super(inner);
    this.learned = learned;
  }

  /// Another guest may follow.
  void open() {
    locked = false;
  }

  @Override
  public int receive(Frame[] into, int max) {
    int got = super.receive(into, max);
    for (int i = 0; i < got && !locked; i++) {
      Frame frame = into[i];
      if (frame.headLength() >= MACS_BYTES) {
        long source = frame.mac(SOURCE);
        locked = source != 0 && (source & GROUP) == 0 && learned.test(source);
      }
    }
    return got;
  }
}
