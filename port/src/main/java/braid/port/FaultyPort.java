package braid.port;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Wraps a port and spoils what passes: a seeded chance to drop, duplicate or corrupt each frame,
/// set for each direction. With a drop chance of 1 one way it is the silent blackhole that no
/// carrier shows.
///
/// Corruption is one flipped bit, the most likely fault and the hardest to detect; it hits the
/// head, which is our own memory. A duplicate is a copy from the pool given; with the pool empty or
/// the batch full it does not happen.
public final class FaultyPort implements Port {
  /// Chances from 0 (never) to 1 (always), each judged on its own.
  ///
  /// @param drop      the frame vanishes
  /// @param duplicate a copy follows at once
  /// @param corrupt   one bit of the head flips
  public record Faults(double drop, double duplicate, double corrupt) {
    /// Nothing goes wrong.
    public static final Faults NONE = new Faults(0, 0, 0);

    /// Nothing comes through.
    public static final Faults BLACKHOLE = new Faults(1, 0, 0);

    /// Checks the ranges.
    public Faults {
      check("drop", drop);
      check("duplicate", duplicate);
      check("corrupt", corrupt);
    }

    private static void check(String name, double chance) {
      if (!(chance >= 0 && chance <= 1)) {
        throw new IllegalArgumentException(name + " is a chance from 0 to 1, not " + chance);
      }
    }
  }

  private static final int CHUNK = 64;

  private final Port inner;
  private final RandomGenerator random;
  private final FramePool copies;
  private final Frame[] out = new Frame[2 * CHUNK];
  private final PortCounters counters;
  private final Counter dropped;
  private final Counter duplicated;
  private final Counter corrupted;
  private Faults inward = Faults.NONE;
  private Faults outward = Faults.NONE;
  private boolean blocked;

  /// A port that is faultless until told otherwise.
  ///
  /// @param inner  the port that is wrapped; its counters are shared
  /// @param random where chance comes from
  /// @param copies where duplicates live
  public FaultyPort(Port inner, RandomGenerator random, FramePool copies) {
    this.inner = inner;
    this.random = random;
    this.copies = copies;
    this.counters = inner.counters();
    this.dropped = counters.counter("fault_dropped");
    this.duplicated = counters.counter("fault_duplicated");
    this.corrupted = counters.counter("fault_corrupted");
  }

  /// What happens to frames that come out of the port.
  public void inward(Faults faults) {
    inward = faults;
  }

  /// What happens to frames that are sent into the port.
  public void outward(Faults faults) {
    outward = faults;
  }

  /// From now on nothing comes out, as if all memory for it were held by somebody; what comes in
  /// meanwhile waits. Or it goes on.
  public void blocked(boolean on) {
    blocked = on;
  }

  @Override
  public int receive(Frame[] into, int max) {
    int count = inner.receive(into, blocked ? 0 : max);
    if (inward.equals(Faults.NONE)) {
      return count;
    }
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (survives(into[i], inward)) {
        into[kept++] = into[i];
      }
    }
    for (int i = 0; i < kept && kept < max; i++) {
      Frame copy = duplicate(into[i], inward);
      if (copy != null) {
        System.arraycopy(into, i + 1, into, i + 2, kept - i - 1);
        into[++i] = copy;
        kept++;
      }
    }
    return kept;
  }

  @Override
  public void send(Frame[] frames, int count) {
    if (outward.equals(Faults.NONE)) {
      inner.send(frames, count);
      return;
    }
    int filled = 0;
    for (int i = 0; i < count; i++) {
      if (survives(frames[i], outward)) {
        Frame copy = duplicate(frames[i], outward);
        out[filled++] = frames[i];
        if (copy != null) {
          out[filled++] = copy;
        }
      }
      if (filled > out.length - 2 || (i == count - 1 && filled > 0)) {
        inner.send(out, filled);
        filled = 0;
      }
    }
  }

  private boolean survives(Frame frame, Faults faults) {
    if (hits(faults.drop)) {
      dropped.add(1);
      frame.release();
      return false;
    }
    if (frame.headLength() > 0 && hits(faults.corrupt)) {
      long at = frame.head() + random.nextInt(frame.headLength());
      Memory.putByte(at, (byte) (Memory.getByte(at) ^ (1 << random.nextInt(8))));
      corrupted.add(1);
    }
    return true;
  }

  private @Nullable Frame duplicate(Frame frame, Faults faults) {
    if (!hits(faults.duplicate)) {
      return null;
    }
    Frame copy = copies.take();
    if (copy != null && !copy.copyOf(frame)) {
      copy.release();
      return null;
    }
    if (copy != null) {
      duplicated.add(1);
    }
    return copy;
  }

  private boolean hits(double chance) {
    // Certainties use no randomness: a blackhole does not shift the rest of a seeded run.
    return chance >= 1 || (chance > 0 && random.nextDouble() < chance);
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
    return blocked || inner.blocked();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }
}
