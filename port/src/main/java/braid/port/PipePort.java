package braid.port;

/// One end of a pipe in memory: what is sent into one end comes out of the other. Both ends belong
/// to one worker.
///
/// Nothing is copied: the frame itself crosses and returns to its maker when the far holder
/// releases it. What the far end has not taken yet can be taken back ([#recall]), exactly: a pipe
/// whose far end nobody reads behaves like a device that hangs.
///
/// The carrier is what the owner says it is ([#carrier]); without it `send` drops.
public final class PipePort implements Port {
  private final String name;
  private final Frame[] queue;
  private final PortCounters counters = new PortCounters();
  private final Counter dropFull = counters.counter("tx_drop_full");
  private final Counter dropLinkDown = counters.counter("tx_drop_link_down");
  private final PipePort far;
  private LinkState link = LinkState.UP;
  private int head;
  private int waiting;

  /// A new pipe, seen from its near end; [#far] is the other one.
  ///
  /// @param name     of this end
  /// @param farName  of the far end
  /// @param capacity frames that fit into each direction, at least 1
  public PipePort(String name, String farName, int capacity) {
    this.name = name;
    this.queue = new Frame[capacity];
    this.far = new PipePort(farName, this);
  }

  private PipePort(String name, PipePort near) {
    this.name = name;
    this.queue = new Frame[near.queue.length];
    this.far = near;
  }

  /// The other end.
  public PipePort far() {
    return far;
  }

  /// Sets the carrier that this end reports; frames sent without carrier are dropped and counted.
  public void carrier(LinkState state) {
    link = state;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int receive(Frame[] into, int max) {
    int count = take(into, max);
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      bytes += into[i].length();
    }
    counters.rxFrames.add(count);
    counters.rxBytes.add(bytes);
    return count;
  }

  @Override
  public void send(Frame[] frames, int count) {
    int sent = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      if (!link.up()) {
        dropLinkDown.add(1);
        frame.release();
      } else if (room() == 0) {
        dropFull.add(1);
        frame.release();
      } else {
        sent++;
        bytes += frame.length();
        far.put(frame);
      }
    }
    counters.txFrames.add(sent);
    counters.txBytes.add(bytes);
  }

  @Override
  public int room() {
    return far.queue.length - far.waiting;
  }

  @Override
  public void flush() {}

  @Override
  public LinkState link() {
    return link;
  }

  @Override
  public boolean arm() {
    return waiting > 0;
  }

  @Override
  public int recall(Frame[] into, int max) {
    return far.take(into, max);
  }

  @Override
  public int pending() {
    return far.waiting;
  }

  /// Releases what waits in both directions.
  public void drain() {
    Frame[] one = new Frame[1];
    while (take(one, 1) > 0 || far.take(one, 1) > 0) {
      one[0].release();
    }
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  private int take(Frame[] into, int max) {
    int count = Math.min(max, waiting);
    for (int i = 0; i < count; i++) {
      into[i] = queue[head];
      head = head + 1 == queue.length ? 0 : head + 1;
    }
    waiting -= count;
    return count;
  }

  private void put(Frame frame) {
    int tail = head + waiting;
    queue[tail < queue.length ? tail : tail - queue.length] = frame;
    waiting++;
  }

  @Override
  public String toString() {
    return "PipePort[" + name + " ⇄ " + far.name + "]";
  }
}
