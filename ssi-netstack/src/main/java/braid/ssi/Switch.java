package braid.ssi;

import braid.port.Cable;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Joins many ports to one uplink: guests to the bond they share, or this node's bond and other
/// nodes' sessions to a NIC they share.
///
/// **Theory of operation.** A switch hands out ports, its ends; cables plug things into them. A
/// frame sent into an end is checked, looked up and put into the queue of the end it is for, all at
/// once and by reference; receive() takes from the queue. So the switch has no turn of its own.
///
/// | frame | from an end | from the uplink |
/// |---|---|---|
/// | unicast, behind another end | to that end: it never leaves the node | to that end |
/// | unicast, behind the end it came from | dropped | – |
/// | unicast, of nobody known | to the uplink alone | [SwitchConfig.Unknown] |
/// | group | to the uplink, copies to all other ends of the VLAN | one to each end of the VLAN |
/// | 01-80-C2-00-00-0x | from a `reserved` end to the uplink alone | to `reserved` ends |
///
/// Nothing goes back to where it came from, nothing from the uplink goes to the uplink. An address
/// that was given to an end stays there, whatever comes from the uplink; a learned one that shows
/// up at the uplink has moved there, and is forgotten here (MacTable). So behind a bond that
/// spreads one host over several NICs let unknown unicast be flooded: a broadcast that returns by
/// another NIC unlearns that host for a moment.
///
/// **VLANs.** At the uplink and at trunks frames are tagged, at access ends they are not; a tag is
/// put in or taken out (VlanTag) on the way between the two kinds only. Frames with a service tag
/// (0x88a8, 0x9100) pass between uplink and trunks only, as a VLAN of their own. A frame whose head
/// has no room for a tag is copied into one that has.
///
/// **Holding back.** A guest end's room is what the uplink's queue takes: a guest is slowed down to
/// the speed of the NIC, never dropped for lack of it. It may fill as much of the queue as it
/// leaves free, so that a greedy guest leaves room for the others. The uplink's room is that of the
/// emptiest end: one slow guest loses its own frames (`rx_drop_full`) rather than stalling the
/// others, and a guest that is alone holds the network back instead. As frames are passed by
/// reference, a guest that takes nothing would keep the buffers of those who send to it: with more
/// than one end a frame waits no longer than [SwitchConfig#staleNanos].
///
/// **No carrier.** Without it the uplink gives nothing out: what waits there a bond takes back from
/// its end ([Port#recall]) and sends another way, or it goes out when the carrier returns. After
/// [SwitchConfig#gapNanos] it is dropped (`rx_drop_link_down`). So a shorter gap, in which a bond
/// has no member, costs no frame.
///
/// **Copies** of flooded frames come from a pool of the switch's own, which lives as long as the
/// switch; with none left a copy is not made, and counted at the end that misses it. **Counters**
/// are those of each end, and [#counters].
///
/// **Thread**: the worker's. No allocation per frame, but for learning an address.
public final class Switch implements LocalAddresses {
  /// Most ends of one switch, the uplink not counted.
  public static final int ENDS_MAX = 1024;

  /// 802.1Q-2018, table 8-1.
  private static final long RESERVED_GROUP = 0x0180_c200_0000L;

  private final String name;
  private final SwitchConfig config;
  private final Clock clock;

  private final FramePool copies;
  private final MacTable macs;
  private final Admission admission;
  private final SwitchEnd top;
  private final List<SwitchEnd> ends = new ArrayList<>();
  private final Counter learned = new Counter("addresses_learned");
  private final Counter moves = new Counter("addresses_moved");
  private final Counter forgotten = new Counter("addresses_forgotten");
  private final Counter flooded = new Counter("unknown_flooded");
  private final Counter copied = new Counter("copies");
  private final List<Counter> counters = List.of(learned, moves, forgotten, flooded, copied);
  private LinkState link = LinkState.DOWN;

  /// A switch with an uplink and no other end. Its link is down until [#carrier] says otherwise.
  ///
  /// @param name   of the switch and of its uplink port, unique within the node
  /// @param config how it behaves
  /// @param clock  the worker's time
  public Switch(String name, SwitchConfig config, Clock clock) {
    this.name = name;
    this.config = config;
    this.clock = clock;
    int bytes = Frame.HEADER_BYTES + config.copyBytes() + Wire.TAG_BYTES;
    MemorySegment memory =
        Arena.ofAuto().allocate(FramePool.bytesFor(config.copyFrames(), bytes), 64);
    this.copies = new FramePool(memory, bytes, 0);
    this.macs = new MacTable(config, clock, learned, moves, forgotten);
    this.admission = new Admission(macs);
    this.top = new SwitchEnd(name, this, config.queueFrames(), EndConfig.OPEN, clock.nanos());
  }

  /// Of the switch and its uplink.
  public String name() {
    return name;
  }

  /// The end towards the network.
  public Port uplink() {
    return top;
  }

  /// Makes an end. Plug it in by a cable of the same worker, and pump that: frames for an end that
  /// nobody pumps stay in its queue.
  ///
  /// @param end how it behaves
  /// @throws IllegalArgumentException when the name or an address is taken, or the switch is full
  public Port attach(String endName, EndConfig end) {
    if (endName.isBlank() || endName.equals(name) || find(endName) != null) {
      throw new IllegalArgumentException(
          "switch " + name + " cannot have another end named '" + endName + "'");
    }
    if (ends.size() == ENDS_MAX) {
      throw new IllegalArgumentException("switch " + name + " has " + ENDS_MAX + " ends already");
    }
    checkFree(endName, end);
    SwitchEnd made = new SwitchEnd(endName, this, config.queueFrames(), end, clock.nanos());
    ends.add(made);
    end.macs().forEach(mac -> macs.give(mac, made));
    return made;
  }

  private void checkFree(String endName, EndConfig end) {
    for (long mac : end.macs()) {
      MacTable.Entry entry = macs.given(mac);
      if (entry != null && !entry.end().name().equals(endName)) {
        throw new IllegalArgumentException(
            "%s and %s have the same address %s: give one of them another"
                .formatted(entry.end().name(), endName, Macs.text(mac)));
      }
    }
  }

  /// Takes an end away: what waits there is dropped and counted, its addresses are forgotten. What
  /// it has sent goes on its way. The port takes and gives nothing any more.
  ///
  /// @return false when there is none of this name
  public boolean detach(String endName) {
    SwitchEnd end = find(endName);
    if (end == null) {
      return false;
    }
    ends.remove(end);
    macs.forget(end);
    end.detach();
    return true;
  }

  /// Gives an end other settings; what waits there stays.
  ///
  /// @return false when there is none of this name
  /// @throws IllegalArgumentException when an address is another end's; nothing has changed then
  public boolean configure(String endName, EndConfig other) {
    SwitchEnd end = find(endName);
    if (end == null) {
      return false;
    }
    checkFree(endName, other);
    end.configure(other, clock.nanos());
    macs.forget(end);
    other.macs().forEach(mac -> macs.give(mac, end));
    return true;
  }

  private @Nullable SwitchEnd find(String endName) {
    for (SwitchEnd end : ends) {
      if (end.name().equals(endName)) {
        return end;
      }
    }
    return null;
  }

  /// What is plugged into the uplink has this carrier: what every end shows as its link.
  public void carrier(LinkState state) {
    link = state;
  }

  /// An address of a guarded end, or one learned at an end and not yet forgotten.
  @Override
  public boolean contains(long mac) {
    return macs.knows(mac);
  }

  /// The first address of the first guarded end, 0 when there is none.
  @Override
  public long first() {
    for (int i = 0; i < ends.size(); i++) {
      long[] given = ends.get(i).macs();
      if (given.length > 0) {
        return given[0];
      }
    }
    return 0;
  }

  /// The ends as they were attached, the uplink not among them.
  public List<Port> ends() {
    return List.copyOf(ends);
  }

  /// How many addresses are known by learning.
  public long addresses() {
    return macs.size();
  }

  /// What is counted of the switch as a whole; any thread.
  public List<Counter> counters() {
    return counters;
  }

  /// Copies that nobody holds.
  public int copiesAvailable() {
    return copies.available();
  }

  // For the ends

  SwitchEnd top() {
    return top;
  }

  LinkState link() {
    return link;
  }

  long now() {
    return clock.nanos();
  }

  /// How long a frame may wait at `end` when it [#hurries].
  long patience(SwitchEnd end) {
    return end == top ? config.gapNanos() : config.staleNanos();
  }

  /// Frames must not wait for this end for ever: it may be another end's buffers that they lie in,
  /// or the network may be gone.
  boolean hurries(SwitchEnd end) {
    return end == top ? !link.up() : ends.size() > 1;
  }

  /// Frames may come out of this end: the uplink's wait for its carrier.
  boolean opens(SwitchEnd end) {
    return end != top || link.up();
  }

  /// The turn of an end: the uplink's is used for what is seldom due.
  void turn(SwitchEnd end, long now) {
    if (end == top) {
      macs.clean(now);
    }
  }

  /// How many frames `sender` may send without a drop for lack of room at the far side.
  int roomFor(SwitchEnd sender) {
    if (sender != top) {
      return top.share(sender);
    }
    int most = ends.isEmpty() ? Cable.BATCH : 0;
    for (int i = 0; i < ends.size(); i++) {
      most = Math.max(most, ends.get(i).free());
    }
    return most;
  }

  /// What `sender` sent and the uplink has not taken. Frames for other ends are on their way, and
  /// what the uplink sent nobody can send elsewhere.
  int recall(SwitchEnd sender, Frame[] into, int max) {
    if (sender == top) {
      return 0;
    }
    int count = top.takeBack(sender, into, max);
    EndConfig end = sender.config();
    for (int i = 0; end.vlan() != 0 && i < count; i++) {
      untag(into[i], end.vlan());
    }
    return count;
  }

  /// Takes out the tag that we put in.
  private static void untag(Frame frame, int ours) {
    if (Wire.type(frame) == Wire.TYPE_VLAN
        && (frame.u16(Wire.ETHERNET_BYTES) & Wire.VLAN_MASK) == ours) {
      VlanTag.Edit edit = VlanTag.strip(frame);
      assert edit == VlanTag.Edit.DONE : "a tag of ours cannot be taken out: " + edit;
    }
  }

  // The way of a frame

  /// Takes a frame that was sent into `from`.
  ///
  /// @return false when it was refused, and released
  boolean forward(SwitchEnd from, Frame frame, long now) {
    Counter refused = admission.judge(from, from == top, frame, now);
    if (refused != null) {
      return drop(frame, refused);
    }
    int vlan = admission.vlan();
    long destination = frame.mac(Wire.DESTINATION);
    if (Macs.group(destination)) {
      return (destination & ~0xfL) == RESERVED_GROUP
          ? reserved(from, frame, now)
          : flood(from, frame, false, now);
    }
    MacTable.Entry entry = macs.find(vlan, destination, now);
    if (entry != null) {
      return entry.end() == from
          ? drop(frame, from.drops.sameEnd)
          : deliver(entry.end(), from, frame, now);
    }
    if (from != top) {
      return deliver(top, from, frame, now);
    }
    if (config.unknown() == SwitchConfig.Unknown.DROP || ends.isEmpty()) {
      return drop(frame, from.drops.unknown);
    }
    boolean taken = flood(from, frame, true, now);
    flooded.add(taken ? 1 : 0);
    return taken;
  }

  private static boolean drop(Frame frame, Counter reason) {
    reason.add(1);
    frame.release();
    return false;
  }

  /// Protocols of the link itself: between the uplink and those ends that take part in them.
  private boolean reserved(SwitchEnd from, Frame frame, long now) {
    if (from != top) {
      return from.config().reserved()
          ? deliver(top, from, frame, now)
          : drop(frame, from.drops.reserved);
    }
    SwitchEnd keeper = null;
    for (int i = 0; i < ends.size(); i++) {
      SwitchEnd end = ends.get(i);
      if (end.config().reserved() && end.carries(admission.vlan())) {
        if (keeper != null) {
          copy(keeper, from, frame, now);
        }
        keeper = end;
      }
    }
    return keeper == null ? drop(frame, from.drops.reserved) : deliver(keeper, from, frame, now);
  }

  /// The frame itself goes to the uplink, or from there to the last that takes it; copies to the
  /// others.
  private boolean flood(SwitchEnd from, Frame frame, boolean openOnly, long now) {
    SwitchEnd keeper = from == top ? null : top;
    for (int i = 0; i < ends.size(); i++) {
      SwitchEnd end = ends.get(i);
      if (end == from || !end.carries(admission.vlan()) || (openOnly && end.config().guarded())) {
        continue;
      }
      if (keeper == null) {
        keeper = end;
      } else if (keeper == top) {
        copy(end, from, frame, now);
      } else {
        copy(keeper, from, frame, now);
        keeper = end;
      }
    }
    return keeper == null ? drop(frame, from.drops.unknown) : deliver(keeper, from, frame, now);
  }

  private void copy(SwitchEnd to, SwitchEnd from, Frame original, long now) {
    if (!to.takesOne()) {
      return;
    }
    Frame copy = copyOf(original, to);
    if (copy != null && fit(copy, to, from)) {
      to.put(copy, from, now);
    }
  }

  private @Nullable Frame copyOf(Frame original, SwitchEnd to) {
    Frame copy = copies.take();
    if (copy == null) {
      to.drops.noCopy.add(1);
    } else if (!copy.copyOf(original)) {
      copy.release();
      to.drops.tooLong.add(1);
      return null;
    } else {
      copied.add(1);
    }
    return copy;
  }

  private boolean deliver(SwitchEnd to, SwitchEnd from, Frame frame, long now) {
    if (!to.takes(frame)) {
      return false;
    }
    VlanTag.Edit edit = edit(frame, to);
    Frame fitted = frame;
    if (edit == VlanTag.Edit.NO_ROOM) {
      Frame copy = copyOf(frame, to);
      frame.release();
      if (copy == null || !fit(copy, to, from)) {
        return false;
      }
      fitted = copy;
    } else if (edit == VlanTag.Edit.BAD_HEADER) {
      return drop(frame, from.drops.header);
    }
    to.put(fitted, from, now);
    return true;
  }

  /// Makes a copy as `to` wants it, or drops it.
  private boolean fit(Frame copy, SwitchEnd to, SwitchEnd from) {
    return switch (edit(copy, to)) {
      case DONE -> true;
      case NO_ROOM -> drop(copy, to.drops.noRoom);
      case BAD_HEADER -> drop(copy, from.drops.header);
    };
  }

  /// Puts the tag in or takes it out, as `to` wants it.
  private VlanTag.Edit edit(Frame frame, SwitchEnd to) {
    EndConfig end = to.config();
    int vlan = admission.vlan();
    boolean bare = !end.trunk() || vlan == end.vlan();
    if (admission.tagged()) {
      // At vlan 0 of a trunk a tag with nothing but a priority stays as it is.
      return bare && (vlan != 0 || !end.trunk()) ? VlanTag.strip(frame) : VlanTag.Edit.DONE;
    }
    return bare || vlan == Admission.VLAN_SERVICE ? VlanTag.Edit.DONE : VlanTag.insert(frame, vlan);
  }

  @Override
  public String toString() {
    return "Switch[" + name + ", ends " + ends + "]";
  }
}
