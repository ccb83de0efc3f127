package braid.port;

/// Joins two ports: what comes out of one goes into the other, both ways. One thread.
///
/// A port without room holds frames back in the other port rather than losing them, as far as that
/// one can hold them: a guest's ring and a TAP's queue are the only buffers.
public final class Cable implements Pump {
  /// Most frames moved one way at a time: bounds how long one cable keeps the others waiting.
  public static final int BATCH = 64;

  private final Port a;
  private final Port b;
  private final Frame[] batch = new Frame[BATCH];

  /// A cable between `a` and `b`, which belong to the same worker.
  public Cable(Port a, Port b) {
    this.a = a;
    this.b = b;
  }

  @Override
  public int pump() {
    int moved = move(a, b) + move(b, a);
    a.flush();
    b.flush();
    return moved;
  }

  private int move(Port from, Port to) {
    int room = Math.min(BATCH, to.room());
    // With no room the receiver still runs, for its timers; it can give no frame.
    int count = from.receive(batch, room);
    if (count > 0) {
      to.send(batch, count);
    }
    return count;
  }

  @Override
  public boolean arm() {
    boolean aWaits = a.arm();
    boolean bWaits = b.arm();
    // Room is asked after arming: a frame that nobody has room for is no reason to stay awake.
    return (aWaits && b.room() > 0) || (bWaits && a.room() > 0);
  }

  @Override
  public long deadline() {
    return Math.min(a.deadline(), b.deadline());
  }

  @Override
  public String toString() {
    return a.name() + "–" + b.name();
  }
}
