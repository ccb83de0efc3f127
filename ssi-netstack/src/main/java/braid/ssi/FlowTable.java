package braid.ssi;

import java.util.Arrays;

/// What is known of each flow, in a table of fixed size: the place is a hash of the flow, without
/// its key. Flows that share a place move together, which costs balance and never order; nothing is
/// ever evicted.
///
/// With the size here two of 16 flows share a place once in 270 times.
final class FlowTable {
  /// Places, a power of two.
  static final int PLACES = 1 << 15;

  /// No member.
  static final int NONE = -1;

  private final byte[] slot = new byte[PLACES];
  private final long[] seen = new long[PLACES];
  private final int[] sent = new int[PLACES];
  private final int[] counted = new int[PLACES];
  private final int[] share = new int[PLACES];
  private final int[] shareBefore = new int[PLACES];
  private final int[] presumed = new int[PLACES];
  private final long[] countedPeriod = new long[PLACES];
  private final long[] placedPeriod = new long[PLACES];

  FlowTable() {
    Arrays.fill(slot, (byte) NONE);
  }

  static int place(long key) {
    return (int) (key >>> 32) & (PLACES - 1);
  }

  /// Slot of its member, or [#NONE].
  int slot(int place) {
    return slot[place];
  }

  void slot(int place, int member) {
    slot[place] = (byte) member;
  }

  /// When it last sent.
  long seen(int place) {
    return seen[place];
  }

  void seen(int place, long now) {
    seen[place] = now;
  }

  /// How many frames its member had been given with its last one.
  int sent(int place) {
    return sent[place];
  }

  void sent(int place, int frames) {
    sent[place] = frames;
  }

  /// Bytes that counted in `period`.
  int counted(int place, long period) {
    return countedPeriod[place] == period ? counted[place] : 0;
  }

  /// It sent on.
  ///
  /// @param bytes that count in `period`, all in all
  /// @param more  of them are new in its member's [Load]
  void counted(int place, long period, int bytes, int more) {
    if (countedPeriod[place] != period) {
      shareBefore[place] = countedPeriod[place] == period - 1 ? share[place] : 0;
      share[place] = 0;
      countedPeriod[place] = period;
    }
    counted[place] = bytes;
    share[place] += more;
  }

  /// Its part of what its member's [Load] says in `period`: of this period or the last, as there.
  int share(int place, long period) {
    if (countedPeriod[place] == period) {
      return Math.max(share[place], shareBefore[place]);
    }
    return countedPeriod[place] == period - 1 ? share[place] : 0;
  }

  /// What it is presumed to be as long as it is fresh, 0 when it is not.
  int presumed(int place, long period) {
    return placedPeriod[place] >= period - 1 ? presumed[place] : 0;
  }

  long placedPeriod(int place) {
    return placedPeriod[place];
  }

  void placed(int place, long period, int bytes) {
    placedPeriod[place] = period;
    presumed[place] = bytes;
  }

  /// No flow is on `member` any more.
  void forget(int member) {
    for (int place = 0; place < PLACES; place++) {
      if (slot[place] == member) {
        slot[place] = NONE;
      }
    }
  }
}
