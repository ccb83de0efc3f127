package braid.host;

import braid.kernel.Fd;
import braid.virtio.ProtocolException;
import braid.virtio.SplitRing;
import org.jspecify.annotations.Nullable;

/// What a session was told about one queue, in whatever order the front-end told it.
///
/// **States** (vhost-user "Ring states"): *stopped* at first and after GET_VRING_BASE; *started*
/// by SET_VRING_KICK, as soon as size and addresses are known too. Whether it is enabled is a
/// matter of its own: SET_VRING_ENABLE may come before anything else and is kept; without
/// PROTOCOL_FEATURES in the last SET_FEATURES a ring is always enabled.
///
/// **Thread**: the session's control thread.
final class Vring {
  /// Largest queue we run: what front-ends offer; QEMU's largest is 1024.
  static final int SIZE_MAX = 32_768;

  private final int index;
  private int size;
  private boolean addressKnown;
  private long descriptor;
  private long available;
  private long used;
  private int base;
  private boolean kicked;
  private @Nullable Fd kick;
  private @Nullable Fd call;
  private @Nullable Fd error;
  private boolean enabled;
  private boolean running;

  Vring(int index) {
    this.index = index;
  }

  /// Its number: 0 receive, 1 transmit, 2 control.
  int index() {
    return index;
  }

  /// SET_VRING_NUM.
  void size(int entries) throws ProtocolException {
    if (running) {
      throw new ProtocolException(
          "VHOST_USER_SET_VRING_NUM", "size of ring " + index + " while it runs");
    }
    if (!SplitRing.validSize(entries) || entries > SIZE_MAX) {
      throw new ProtocolException(
          "VIRTIO 2.7", "size of ring " + index + " is " + Integer.toUnsignedString(entries));
    }
    size = entries;
  }

  /// SET_VRING_ADDR.
  ///
  /// @return false when nothing changed
  boolean addresses(long descriptorTable, long availableRing, long usedRing) {
    boolean same =
        addressKnown
            && descriptor == descriptorTable
            && available == availableRing
            && used == usedRing;
    descriptor = descriptorTable;
    available = availableRing;
    used = usedRing;
    addressKnown = true;
    return !same;
  }

  /// SET_VRING_BASE.
  void base(int position) throws ProtocolException {
    if (running) {
      throw new ProtocolException(
          "VHOST_USER_SET_VRING_BASE", "base of ring " + index + " while it runs");
    }
    if (position < 0 || position > 0xffff) {
      throw new ProtocolException(
          "VHOST_USER_SET_VRING_BASE",
          "base of ring " + index + " is " + Integer.toUnsignedString(position));
    }
    base = position;
  }

  /// Where the ring goes on when it is started.
  int base() {
    return base;
  }

  /// SET_VRING_KICK; what was there before is the caller's to close.
  @Nullable Fd kick(@Nullable Fd fd) {
    Fd before = kick;
    kick = fd;
    kicked = true;
    return before;
  }

  /// SET_VRING_CALL.
  @Nullable Fd call(@Nullable Fd fd) {
    Fd before = call;
    call = fd;
    return before;
  }

  /// SET_VRING_ERR.
  @Nullable Fd error(@Nullable Fd fd) {
    Fd before = error;
    error = fd;
    return before;
  }

  /// Where the front-end hears of a broken ring.
  @Nullable Fd error() {
    return error;
  }

  /// The kick eventfd.
  @Nullable Fd kick() {
    return kick;
  }

  /// The call eventfd.
  @Nullable Fd call() {
    return call;
  }

  /// SET_VRING_ENABLE.
  void enable(boolean on) {
    enabled = on;
  }

  /// Whether SET_VRING_ENABLE said so.
  boolean enabled() {
    return enabled;
  }

  /// It was kicked off and everything is known: it is to be started.
  boolean ready() {
    return kicked && size > 0 && addressKnown && !running;
  }

  /// Where it lies.
  RingPlace place() {
    return new RingPlace(size, descriptor, available, used);
  }

  /// The worker has it.
  boolean running() {
    return running;
  }

  /// The worker took it over.
  void started() {
    running = true;
  }

  /// The worker let it go; it starts again by itself where it stopped, once [#ready].
  void paused(int position) {
    running = false;
    base = position;
  }

  /// GET_VRING_BASE: it is stopped until the next SET_VRING_KICK.
  void stopped(int position) {
    paused(position);
    kicked = false;
  }

  /// RESET_DEVICE: as at first; descriptors are the caller's to close before.
  void reset() {
    running = false;
    kicked = false;
    addressKnown = false;
    size = 0;
    base = 0;
    enabled = false;
    kick = null;
    call = null;
    error = null;
  }
}
