package braid.ssi;

import braid.port.Frame;
import braid.port.LinkState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Link aggregation control (IEEE 802.1AX-2014, clause 6) for all links of one bond. No I/O; time
/// is an argument.
///
/// **Theory of operation.** The bond hands in the slow protocols' frames ([#heard]) and carrier
/// changes ([#link]), calls [#turn] when it did or when [#deadline] has come, and then sends for
/// each link what is [#due]. A turn judges silence, puts links whose partner changed into
/// aggregators, chooses the aggregator that carries the traffic ([Aggregate]), and steps the mux
/// machines until nothing moves.
///
/// **Aggregators** are not objects that links attach to: links with the same [Aggregate.Lag] share
/// one. Those of an aggregator not chosen stand by: they wait, so that the partner is not told that
/// we are in sync and puts no frames there.
///
/// **Without LACP at the far end** (3 s after the carrier came) a link counts as a single one that
/// works; if none has a partner, one of them is used alone. Linux does the same.
///
/// **Differences from Linux**, all on purpose: links of standby aggregators count for the choice
/// only when they could carry traffic at once; an aggregator that meets min-links beats one that
/// does not; a partner that went silent does not hold its aggregator in use while another works;
/// two systems that would choose differently between them agree.
///
/// **Thread**: the worker's. **Never**: no frame is sent or released here.
final class Lacp {
  /// Steps of all mux machines until nothing moves: five states, and a selection that follows.
  private static final int ROUNDS_MAX = 16;

  /// What a frame was.
  enum Heard {
    /// Of another protocol.
    OTHER,
    /// Ours, and dealt with.
    TAKEN,
    /// Ours, but cut, malformed or sent by ourselves.
    WRONG
  }

  private final long system;
  private final List<LacpPort> ports = new ArrayList<>();
  private LacpConfig config;
  private int lastNumber;
  private Aggregate.@Nullable Lag chosen;
  private int links;

  /// No links yet.
  ///
  /// @param system unicast MAC that identifies this bond to its partners
  Lacp(LacpConfig config, long system) {
    Macs.check(system);
    this.config = config;
    this.system = system;
  }

  /// Adds a link; it has no carrier until [#link] says so.
  ///
  /// @param mac source of its frames
  LacpPort add(String name, long mac) {
    LacpPort port = new LacpPort(name, freeNumber(), mac, system, config);
    ports.add(port);
    return port;
  }

  /// The next number that no link has: one that left is not taken for one that came.
  private int freeNumber() {
    do {
      lastNumber = lastNumber % 0xffff + 1;
    } while (ports.stream().anyMatch(port -> port.number() == lastNumber));
    return lastNumber;
  }

  void remove(LacpPort port) {
    ports.remove(port);
  }

  /// Changes the configuration; links stay up unless their key changes.
  void reconfigure(LacpConfig next, long now) {
    config = next;
    for (LacpPort port : ports) {
      port.config(next, now);
    }
  }

  /// Takes a frame, whose EtherType is that of the slow protocols. The caller still holds it.
  Heard heard(LacpPort port, Frame frame, long now) {
    return switch (Lacpdu.kind(frame)) {
      case OTHER -> Heard.OTHER;
      case MALFORMED, RESPONSE -> Heard.WRONG;
      case LACP -> pdu(port, Lacpdu.actor(frame), Lacpdu.partner(frame), now);
      case MARKER -> {
        if (Lacpdu.requester(frame) == system) {
          yield Heard.WRONG;
        }
        port.marked(frame);
        yield Heard.TAKEN;
      }
    };
  }

  private Heard pdu(LacpPort port, LacpInfo from, LacpInfo us, long now) {
    // Our own, through a loop; and nobody, which would pass for no partner at all.
    if (from.system() == system || from.system() == 0) {
      return Heard.WRONG;
    }
    for (LacpPort other : ports) {
      if (other != port && other.partner().sameEnd(from)) {
        other.movedAway();
      }
    }
    port.heard(from, us, now);
    return Heard.TAKEN;
  }

  /// The carrier or speed of a link, now or changed.
  void link(LacpPort port, LinkState state, long now) {
    port.link(state, now);
  }

  /// The worker stood still for `nanos`: that is nobody's silence.
  void stalled(long nanos) {
    for (LacpPort port : ports) {
      port.stalled(nanos);
    }
  }

  /// Runs the machines.
  ///
  /// @return whether some link collects or distributes now that did not, or the other way round
  boolean turn(long now) {
    for (LacpPort port : ports) {
      port.expire(now);
    }
    boolean changed = false;
    boolean moved = true;
    for (int round = 0; moved && round < ROUNDS_MAX; round++) {
      ports.forEach(LacpPort::select);
      choose();
      moved = false;
      for (LacpPort port : ports) {
        LacpMux from = port.mux();
        boolean stepped = port.stepMux(ready(port), now);
        moved |= stepped;
        // From ATTACHED down nothing flows.
        changed |= stepped && (carries(from) || carries(port.mux()));
      }
    }
    int before = links;
    links = 0;
    for (LacpPort port : ports) {
      port.stepTimers(now);
      links += port.distributing() ? 1 : 0;
    }
    return changed || links != before;
  }

  private static boolean carries(LacpMux mux) {
    return mux.compareTo(LacpMux.COLLECTING) >= 0;
  }

  /// All links that wait for the same aggregator have waited (6.4.8, Ready).
  private boolean ready(LacpPort port) {
    Aggregate.Lag lag = port.lag();
    if (lag == null) {
      return false;
    }
    for (LacpPort other : ports) {
      boolean waits = other.enabled() && other.mux() == LacpMux.WAITING;
      if (waits && lag.equals(other.lag()) && !other.waited()) {
        return false;
      }
    }
    return true;
  }

  private void choose() {
    List<Aggregate> all = aggregates();
    // With no carrier at all nothing is given up: the links may come back as they were.
    if (!all.isEmpty()) {
      int current = Aggregate.NONE;
      for (int i = 0; i < all.size(); i++) {
        current = all.get(i).lag().equals(chosen) ? i : current;
      }
      int best = Aggregate.choose(all, current, config.linksNeeded(), config.select());
      chosen = all.get(best).lag();
    }
    Aggregate.Lag lag = chosen;
    if (lag != null) {
      for (LacpPort port : ports) {
        port.select(lag);
      }
    }
  }

  private List<Aggregate> aggregates() {
    List<Aggregate> all = new ArrayList<>(ports.size());
    for (int i = 0; i < ports.size(); i++) {
      Aggregate.Lag lag = ports.get(i).lag();
      boolean first = lag != null && ports.get(i).enabled();
      for (Aggregate other : all) {
        first &= !other.lag().equals(lag);
      }
      if (lag != null && first) {
        all.add(aggregate(lag));
      }
    }
    return all;
  }

  private Aggregate aggregate(Aggregate.Lag lag) {
    boolean partnered = false;
    boolean decided = false;
    boolean inUse = false;
    int ready = 0;
    long bandwidth = 0;
    for (LacpPort port : ports) {
      if (port.enabled() && lag.equals(port.lag())) {
        partnered |= port.receive() == LacpReceive.CURRENT;
        inUse |= port.distributing();
        if (port.ready()) {
          decided |= port.partner().is(LacpInfo.SYNC) && port.partner().leads(port.actor());
          ready++;
          // A speed that is not known still is one link.
          bandwidth += Math.max(1, port.speed());
        }
      }
    }
    return new Aggregate(lag, partnered, decided, inUse, ready, bandwidth);
  }

  /// Frames from this link are to be taken.
  boolean collecting(LacpPort port) {
    return carries(port.mux());
  }

  /// Frames may be put on this link: it distributes, and as many do as min-links wants.
  boolean distributing(LacpPort port) {
    return port.distributing() && links >= config.linksNeeded();
  }

  /// A frame is to be sent on this link now.
  boolean due(LacpPort port, long now) {
    return port.due(now);
  }

  /// Writes the frame that is [#due]: 124 bytes.
  void write(LacpPort port, Frame frame, long now) {
    port.write(frame, now);
  }

  /// There was no frame to [#write] into.
  void missed(LacpPort port, long now) {
    port.missed(now);
  }

  /// When [#turn] is to be called though nothing was heard, [Long#MAX_VALUE] for never.
  long deadline() {
    long at = Long.MAX_VALUE;
    for (int i = 0; i < ports.size(); i++) {
      at = Math.min(at, ports.get(i).deadline());
    }
    return at;
  }

  /// All links as they are now.
  List<LacpStatus> status() {
    return ports.stream().map(LacpPort::status).toList();
  }
}
