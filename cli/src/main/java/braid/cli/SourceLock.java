package braid.cli;

import braid.port.Frame;
import braid.port.Port;
import java.util.function.BooleanSupplier;
import java.util.function.LongPredicate;

/// Learns a guest's address from its first frame, where the configuration does not give it: a VMM
/// may have an address of its own for the guest. From then on the guest is held to it until its
/// driver leaves.
///
/// A guest that has a bond of its own uses several addresses on each of its devices and is held to
/// none. It shows that by its continuity check, and not always before its first frame: after it
/// stood still (paused, migrated) a probe from another address may come first.
///
/// **Thread**: the worker.
final class SourceLock extends ThroughPort {
  private static final int SOURCE = 6;
  private static final int MACS_BYTES = 12;
  private static final long GROUP = 0x0100_0000_0000L;

  private final BooleanSupplier bonds;
  private final LongPredicate learned;
  private final Runnable released;
  private boolean locked;

  /// @param inner    the guest's port
  /// @param bonds    the guest has a bond of its own, as far as it has shown
  /// @param learned  told the first address; false to look at the next frame again
  /// @param released run when a guest that was held turns out to have a bond
  SourceLock(Port inner, BooleanSupplier bonds, LongPredicate learned, Runnable released) {
    super(inner);
    this.bonds = bonds;
    this.learned = learned;
    this.released = released;
  }

  /// Another guest may follow.
  void open() {
    locked = false;
  }

  @Override
  public int receive(Frame[] into, int max) {
    int got = super.receive(into, max);
    if (bonds.getAsBoolean()) {
      if (locked) {
        locked = false;
        released.run();
      }
      return got;
    }
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
