package braid.ssi;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One end of a [Switch]: its queue of frames for whoever is plugged in here, and its limits. What
/// is sent into it the switch forwards.
///
/// An end wakes nobody: both sides of it are pumped by the same worker.
final class SwitchEnd implements Port {
  /// A frame this size is expected before any was seen.
  private static final int FRAME_BYTES_EXPECTED = 1514;

  private final String name;
  private final Switch hub;
  private final PortCounters counters = new PortCounters();
  private final Counter dropFull = counters.counter("rx_drop_full");
  private final Counter dropStale = counters.counter("rx_drop_stale");
  private final Counter dropDetached = counters.counter("rx_drop_detached");
  private final Counter dropDown = counters.counter("rx_drop_link_down");
  private final Counter recalled = counters.counter("recalled");
  final Drops drops = new Drops(counters);
  private final @Nullable Frame[] queue;
  private final @Nullable SwitchEnd[] from;
  private final long[] since;
  private EndConfig config;
  private long[] macs;
  private TokenBucket sending;
  private TokenBucket receiving;
  private int head;
  private int waiting;

  /// Frames of this end that wait for the uplink.
  private int inUplink;

  private int frameBytes = FRAME_BYTES_EXPECTED;
  private boolean attached = true;

  /// What is refused or lost at an end, by reason.
  static final class Drops {
    final Counter tooShort;
    final Counter source;
    final Counter spoofed;
    final Counter neighbour;
    final Counter tagged;
    final Counter vlan;
    final Counter reserved;
    final Counter sameEnd;
    final Counter unknown;
    final Counter header;
    final Counter detached;
    final Counter noCopy;
    final Counter tooLong;
    final Counter noRoom;

    private Drops(PortCounters counters) {
      tooShort = counters.counter("tx_drop_short");
      source = counters.counter("tx_drop_source_invalid");
      spoofed = counters.counter("tx_drop_spoofed");
      neighbour = counters.counter("tx_drop_neighbour_spoofed");
      tagged = counters.counter("tx_drop_tagged");
      vlan = counters.counter("tx_drop_vlan_invalid");
      reserved = counters.counter("tx_drop_reserved_group");
      sameEnd = counters.counter("tx_drop_same_end");
      unknown = counters.counter("tx_drop_unknown");
      header = counters.counter("tx_drop_header_invalid");
      detached = counters.counter("tx_drop_detached");
      noCopy = counters.counter("rx_drop_no_copy");
      tooLong = counters.counter("rx_drop_copy_too_long");
      noRoom = counters.counter("rx_drop_no_head_room");
    }
  }

  SwitchEnd(String name, Switch hub, int queueFrames, EndConfig config, long now) {
    this.name = name;
    this.hub = hub;
    this.queue = new Frame[queueFrames];
    this.from = new SwitchEnd[queueFrames];
    this.since = new long[queueFrames];
    this.config = config;
    this.macs = macs(config);
    this.sending = new TokenBucket(config.sending(), now);
    this.receiving = new TokenBucket(config.receiving(), now);
  }

  private static long[] macs(EndConfig config) {
    return config.macs().stream().mapToLong(Long::longValue).toArray();
  }

  /// What it is told to be from now on. Buckets begin full.
  void configure(EndConfig other, long now) {
    config = other;
    macs = macs(other);
    sending = new TokenBucket(other.sending(), now);
    receiving = new TokenBucket(other.receiving(), now);
  }

  EndConfig config() {
    return config;
  }

  /// The addresses of a guarded end.
  long[] macs() {
    return macs;
  }

  /// Frames of this VLAN may come out here.
  boolean carries(int vlan) {
    if (config.trunk()) {
      // What is untagged at the uplink cannot be told from this end's own untagged VLAN.
      return vlan != 0 || config.vlan() == 0;
    }
    return vlan == config.vlan();
  }

  // Into the switch

  @Override
  public void send(Frame[] frames, int count) {
    long now = hub.now();
    int kept = 0;
    int longest = 0;
    long bytes = 0;
    long all = 0;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      int length = frame.length();
      longest = Math.max(longest, length);
      all += length;
      if (!attached) {
        drops.detached.add(1);
        frame.release();
      } else if (hub.forward(this, frame, now)) {
        kept++;
        bytes += length;
      }
    }
    if (count > 0) {
      frameBytes = longest;
      sending.take(all, now);
    }
    counters.txFrames.add(kept);
    counters.txBytes.add(bytes);
  }

  @Override
  public int room() {
    if (!attached) {
      return 0;
    }
    int room = hub.roomFor(this);
    return room == 0 ? 0 : sending.frames(frameBytes, room, hub.now());
  }

  @Override
  public int recall(Frame[] into, int max) {
    int count = hub.recall(this, into, max);
    recalled.add(count);
    return count;
  }

  // The queue, out of the switch

  int free() {
    return queue.length - waiting;
  }

  /// How much a sender may have here: as much as it leaves free. One alone gets half, two a third
  /// each; whoever comes next always finds some.
  int share(SwitchEnd sender) {
    return Math.max(0, (free() - sender.inUplink + 1) / 2);
  }

  /// There is room for one more; else `frame` is dropped.
  boolean takes(Frame frame) {
    if (waiting < queue.length) {
      return true;
    }
    dropFull.add(1);
    frame.release();
    return false;
  }

  /// There is room for one more; else one is counted as dropped.
  boolean takesOne() {
    if (waiting < queue.length) {
      return true;
    }
    dropFull.add(1);
    return false;
  }

  /// Puts a frame at the end of the queue, which has room.
  void put(Frame frame, SwitchEnd sender, long now) {
    int at = place(waiting);
    queue[at] = frame;
    from[at] = sender;
    since[at] = now;
    waiting++;
    if (this == hub.top()) {
      sender.inUplink++;
    }
  }

  private int place(int index) {
    int at = head + index;
    return at < queue.length ? at : at - queue.length;
  }

  private Frame pull() {
    Frame frame = Objects.requireNonNull(queue[head]);
    SwitchEnd sender = Objects.requireNonNull(from[head]);
    queue[head] = null;
    from[head] = null;
    head = place(1);
    waiting--;
    if (this == hub.top()) {
      sender.inUplink--;
    }
    return frame;
  }

  @Override
  public int receive(Frame[] into, int max) {
    long now = hub.now();
    hub.turn(this, now);
    int count = 0;
    long bytes = 0;
    while (count < max && waiting > 0 && opens(now)) {
      Frame frame = pull();
      int length = frame.length();
      receiving.take(length, now);
      bytes += length;
      into[count++] = frame;
    }
    if (waiting > 0 && hub.hurries(this)) {
      expire(now);
    }
    counters.rxFrames.add(count);
    counters.rxBytes.add(bytes);
    return count;
  }

  /// Something that waits may come out.
  private boolean opens(long now) {
    return hub.opens(this) && receiving.open(now);
  }

  private void expire(long now) {
    Counter reason = hub.opens(this) ? dropStale : dropDown;
    while (waiting > 0 && now - since[head] >= hub.patience(this)) {
      reason.add(1);
      pull().release();
    }
  }

  @Override
  public int pending() {
    return inUplink;
  }

  /// Takes frames of `sender` out of the queue, oldest first, the others keep their order.
  int takeBack(SwitchEnd sender, Frame[] into, int max) {
    int count = 0;
    int kept = 0;
    int were = waiting;
    for (int i = 0; i < were; i++) {
      int at = place(i);
      Frame frame = queue[at];
      SwitchEnd whose = from[at];
      long when = since[at];
      queue[at] = null;
      from[at] = null;
      if (frame != null && whose == sender && count < max) {
        into[count++] = frame;
      } else {
        int to = place(kept++);
        queue[to] = frame;
        from[to] = whose;
        since[to] = when;
      }
    }
    waiting = kept;
    sender.inUplink -= count;
    return count;
  }

  /// Nobody is plugged in any more: what waits is dropped.
  void detach() {
    attached = false;
    dropDetached.add(waiting);
    while (waiting > 0) {
      pull().release();
    }
  }

  @Override
  public boolean arm() {
    return waiting > 0 && opens(hub.now());
  }

  @Override
  public long deadline() {
    long now = hub.now();
    long at = sending.open(now) ? Long.MAX_VALUE : sending.opensAt();
    if (waiting > 0) {
      at = receiving.open(now) ? at : Math.min(at, receiving.opensAt());
      at = hub.hurries(this) ? Math.min(at, since[head] + hub.patience(this)) : at;
    }
    return at;
  }

  @Override
  public void flush() {}

  /// The state of the uplink: to whoever is plugged in here it is the network's.
  @Override
  public LinkState link() {
    return attached ? hub.link() : LinkState.DOWN;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public String toString() {
    return "SwitchEnd[" + name + ", " + waiting + " waiting]";
  }
}
