package braid.tck.sim;

import java.util.Arrays;

/// The frames that one guest sends, by number.
///
/// | entry | when |
/// |---|---|
/// | accepted | the node took it out of the guest's ring |
/// | handed | the bond gave it to a member |
/// | recalled | the bond took it back from a member |
/// | left | a NIC put it on the wire |
/// | lost | a NIC lost it: its carrier went while the card held it |
/// | released | the guest has its buffer back |
///
/// **Held, with each entry**:
/// - a NIC sends a frame at most as often as the bond handed it to that member, and once more for
///   each crash of its node before the answer came: nobody is left who knows what had been sent;
/// - on one NIC frames of a flow leave in the order in which they were handed to it;
/// - a frame is overtaken by a later one of its flow only if the bond changed something between
///   accepting it and its leaving (it may wait for its member's room in between), or took it back;
/// - the bond hands frames of a flow over in order, but for those it took back or had not handed
///   over yet when it changed something;
/// - what is released has left, unless a NIC lost it, or losing it is allowed just now.
final class Account {
  private static final int LOST = 1;
  private static final int RELEASED = 2;
  private static final int RECALLED = 4;

  private final int stream;
  private final Timeline time;
  private final Plan plan;
  private final int nics;
  private long[] acceptedAt = new long[4096];
  private byte[] flow = new byte[4096];
  private byte[] state = new byte[4096];
  private byte[][] handed;
  private byte[][] left;
  private int[][] handOver;
  private final int[] handOvers;
  private final int[][] lastLeft;
  private final int[] lastHanded;
  private final int[] farthest;
  private int accepted;
  private int oldest;
  private long lastChange;
  private long dropped;
  private long lostInNics;
  private long repeated;
  private boolean lossAllowed;

  /// Since when a fault waits to be got over, and on which NIC it hit; 0 for none.
  private long faultAt;

  private int faultNic;
  private int lastNic = -1;
  private long worst;

  /// @param stream of its numbers
  /// @param nics   how many there are
  Account(int stream, Timeline time, Plan plan, int nics) {
    this.stream = stream;
    this.time = time;
    this.plan = plan;
    this.nics = nics;
    handed = new byte[nics][4096];
    left = new byte[nics][4096];
    handOver = new int[nics][4096];
    handOvers = new int[nics];
    lastLeft = new int[nics][Plan.FLOWS];
    lastHanded = new int[Plan.FLOWS];
    farthest = new int[Plan.FLOWS];
    Arrays.fill(lastHanded, -1);
    Arrays.fill(farthest, -1);
  }

  int stream() {
    return stream;
  }

  int accepted() {
    return accepted;
  }

  long dropped() {
    return dropped;
  }

  long lostInNics() {
    return lostInNics;
  }

  /// Frames that left more than once: by another way after a fault.
  long repeated() {
    return repeated;
  }

  /// How long it took at most from a fault to the first frame that left elsewhere.
  long worst() {
    return worst;
  }

  /// Whether a frame may be dropped from now on.
  void lossAllowed(boolean allowed) {
    lossAllowed = allowed;
  }

  /// The bond changed something: frames may overtake those that were handed over before.
  void changed() {
    lastChange = time.now();
  }

  /// A fault hit a NIC, or the way to it. If that is the way in use, nothing else is wrong, and
  /// there is another way, the time is taken until a frame leaves by that.
  void fault(int nic, boolean another) {
    boolean alone = faultAt == 0;
    faultAt = 0;
    if (alone && another && nic == lastNic) {
      faultAt = time.now();
      faultNic = nic;
    }
  }

  /// Something else is wrong as well, or all is well again: no time is taken.
  void blurred() {
    faultAt = 0;
  }

  private Violation violation(int number, String what) {
    StringBuilder ways = new StringBuilder();
    for (int nic = 0; nic < nics; nic++) {
      ways.append(" nic%d:%d/%d".formatted(nic, left[nic][number], handed[nic][number]));
    }
    return new Violation(
        "frame %d of stream %d, flow %d: %s (accepted at %.3f ms; left/handed%s)"
            .formatted(number, stream, flow[number], what, acceptedAt[number] / 1e6, ways));
  }

  void accept(int number, int ofFlow) {
    if (number != accepted) {
      throw new Violation("frame " + number + " of stream " + stream + " was taken twice or early");
    }
    grow();
    acceptedAt[number] = time.now();
    flow[number] = (byte) ofFlow;
    accepted++;
  }

  private void grow() {
    if (accepted < acceptedAt.length) {
      return;
    }
    int size = accepted * 2;
    acceptedAt = Arrays.copyOf(acceptedAt, size);
    flow = Arrays.copyOf(flow, size);
    state = Arrays.copyOf(state, size);
    for (int nic = 0; nic < nics; nic++) {
      handed[nic] = Arrays.copyOf(handed[nic], size);
      left[nic] = Arrays.copyOf(left[nic], size);
      handOver[nic] = Arrays.copyOf(handOver[nic], size);
    }
  }

  void handed(int number, int nic) {
    int of = flow[number];
    boolean excused = (state[number] & RECALLED) != 0 || lastChange >= acceptedAt[number];
    if (number <= lastHanded[of] && !excused && plan.keepsOrder()) {
      throw violation(number, "handed over after frame " + lastHanded[of] + " of its flow");
    }
    lastHanded[of] = Math.max(lastHanded[of], number);
    handed[nic][number]++;
    handOver[nic][number] = ++handOvers[nic];
  }

  void recalled(int number) {
    state[number] |= RECALLED;
  }

  void leaves(int number, Nic nic, boolean sent) {
    int n = nic.index();
    if (!sent) {
      state[number] |= LOST;
      lostInNics++;
      return;
    }
    if (++left[n][number] > handed[n][number]) {
      throw violation(number, "left by " + nic.name() + " more often than it was handed over");
    }
    order(number, n);
    lastNic = n;
    if (faultAt != 0 && n != faultNic) {
      worst = Math.max(worst, time.now() - faultAt);
      faultAt = 0;
    }
    if (ways(number) > 1) {
      repeated++;
    }
  }

  private void order(int number, int nic) {
    int of = flow[number];
    if (handed[nic][number] == 1) {
      if (handOver[nic][number] < lastLeft[nic][of] && plan.keepsOrder()) {
        throw violation(number, "left its NIC before what was handed over earlier");
      }
      lastLeft[nic][of] = handOver[nic][number];
    }
    boolean excused =
        !plan.keepsOrder() || (state[number] & RECALLED) != 0 || lastChange >= acceptedAt[number];
    if (number < farthest[of] && !excused) {
      throw violation(number, "overtaken by frame " + farthest[of] + " with no change of the bond");
    }
    farthest[of] = Math.max(farthest[of], number);
  }

  private int ways(int number) {
    int sum = 0;
    for (int nic = 0; nic < nics; nic++) {
      sum += left[nic][number];
    }
    return sum;
  }

  void released(int number) {
    if ((state[number] & RELEASED) != 0) {
      throw violation(number, "released twice");
    }
    state[number] |= RELEASED;
    if (ways(number) == 0 && (state[number] & LOST) == 0) {
      dropped++;
      if (!lossAllowed) {
        throw violation(number, "dropped though a way was there all the time");
      }
    }
  }

  /// The node of a NIC crashed: what it had not answered for may leave once more.
  void crashed(int nic) {
    for (int number = oldest; number < accepted; number++) {
      if (handed[nic][number] > 0 && (state[number] & RELEASED) == 0) {
        handed[nic][number]++;
      }
    }
  }

  /// The process that held them is gone.
  void crash() {
    for (; oldest < accepted; oldest++) {
      state[oldest] |= RELEASED;
    }
    Arrays.fill(lastHanded, accepted - 1);
    lastChange = time.now();
  }

  /// How long the guest has waited for the buffer it waits for longest, in nanoseconds.
  long waiting() {
    while (oldest < accepted && (state[oldest] & RELEASED) != 0) {
      oldest++;
    }
    return oldest == accepted ? 0 : time.now() - acceptedAt[oldest];
  }

  /// Every frame from `first` up to `end`, exclusive, has left.
  void assertLeft(int first, int end) {
    for (int number = first; number < end; number++) {
      if (ways(number) == 0) {
        throw violation(number, "did not leave though all was well");
      }
    }
  }
}
