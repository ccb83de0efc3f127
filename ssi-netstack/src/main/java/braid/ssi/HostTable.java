package braid.ssi;

/// MACs that sent through the bond: the hosts behind it, and at worst what they forged. A fixed
/// size; when it is full, the one learned longest ago gives way.
final class HostTable {
  private final long[] macs = new long[Limits.ADDRESSES];
  private int size;
  private int oldest;
  private long last;

  int size() {
    return size;
  }

  long mac(int i) {
    return macs[i];
  }

  boolean contains(long mac) {
    for (int i = 0; i < size; i++) {
      if (macs[i] == mac) {
        return true;
      }
    }
    return false;
  }

  /// `mac` is the source of a frame.
  void seen(long mac) {
    if (mac == last) {
      return;
    }
    last = mac;
    if (contains(mac)) {
      return;
    }
    if (size < macs.length) {
      macs[size++] = mac;
    } else {
      macs[oldest] = mac;
      oldest = oldest + 1 == macs.length ? 0 : oldest + 1;
    }
  }
}
