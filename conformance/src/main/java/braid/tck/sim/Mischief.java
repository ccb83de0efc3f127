package braid.tck.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// Makes the faults of one run, and mends them after a while.
final class Mischief {
  private static final long MS = 1_000_000;
  private static final Fault[] KINDS = Fault.values();
  private static final int SLOWNESS = 100;

  private final World world;
  private final Plan plan;
  private final RandomGenerator random;
  private final List<Ways> ways;
  private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
  private final List<Mend> open = new ArrayList<>();
  private boolean over;

  /// Takes a fault back, once.
  private final class Mend implements Runnable {
    private final Runnable action;
    private boolean done;

    private Mend(Runnable action) {
      this.action = action;
    }

    @Override
    public void run() {
      if (!done) {
        done = true;
        open.remove(this);
        blurs();
        action.run();
      }
    }
  }

  Mischief(World world, List<Ways> ways) {
    this.world = world;
    this.ways = ways;
    this.plan = world.plan();
    this.random = world.random();
  }

  /// How many of each kind were made.
  Map<Fault, Integer> counts() {
    return counts;
  }

  /// Makes one fault, of a kind and at a place by chance.
  void one() {
    Fault fault = KINDS[random.nextInt(KINDS.length)];
    int node = random.nextInt(Plan.NODES);
    int other = (node + 1 + random.nextInt(Plan.NODES - 1)) % Plan.NODES;
    if (make(fault, node, other, duration())) {
      counts.merge(fault, 1, Integer::sum);
    }
  }

  private long duration() {
    return switch (random.nextInt(3)) {
      case 0 -> random.nextLong(10 * MS);
      case 1 -> random.nextLong(100 * MS);
      default -> random.nextLong(400 * MS);
    };
  }

  /// @return false when the place must be spared
  private boolean make(Fault fault, int node, int other, long nanos) {
    return switch (fault) {
      case CARRIER, FLAP, SLOW_NIC, SILENCE, NOISE -> nicFault(fault, world.nic(node), nanos);
      case CUT, HALF_CUT, RESET -> wayFault(fault, node, other, nanos);
      case PAUSE -> pause(node, nanos);
      case KILL -> kill(node, nanos);
      case BUSY_GUEST -> busy(nanos);
      case SET_ACTIVE, DRAIN -> operator(fault, node, nanos);
    };
  }

  private boolean spared(int node) {
    return node == plan.immune();
  }

  private void tell(Fault fault, String where, long nanos) {
    world.tell("%s %s for %.1f ms".formatted(fault, where, nanos / 1e6));
  }

  private void mendAfter(long nanos, Runnable action) {
    Mend mend = new Mend(action);
    open.add(mend);
    world.time().after(nanos, mend);
  }

  /// The way by `nic` is broken from now on.
  private void hits(int nic) {
    for (Ways each : ways) {
      each.guest().account().fault(nic, each.another(nic));
    }
  }

  /// What comes now is not to be measured: more than one thing is wrong.
  private void blurs() {
    world.guests().forEach(guest -> guest.account().blurred());
  }

  // NICs

  private boolean nicFault(Fault fault, Nic nic, long nanos) {
    if (spared(nic.index())) {
      return false;
    }
    switch (fault) {
      case CARRIER -> carrierFault(nic, nanos);
      case FLAP -> flap(nic, 2 + random.nextInt(6));
      case SLOW_NIC -> {
        nic.slowness(SLOWNESS);
        mendAfter(nanos, () -> nic.slowness(1));
      }
      case SILENCE -> {
        if (!plan.target()) {
          return false; // nobody could notice
        }
        silence(nic, nanos);
      }
      default -> noise(nic, nanos);
    }
    tell(fault, nic.name(), nanos);
    return true;
  }

  private void carrierFault(Nic nic, long nanos) {
    carrier(nic, false);
    hits(nic.index());
    doubt(nic.index());
    mendAfter(nanos, () -> carrier(nic, true));
  }

  private void carrier(Nic nic, boolean up) {
    nic.carrier(up);
    NodeProcess process = world.process(nic.index());
    Host host = process.host();
    // The kernel tells by netlink; another thread hears of it and posts a command.
    host.io(random.nextLong(2 * MS), () -> host.submit(() -> process.carrier(nic.carrier())));
  }

  private void flap(Nic nic, int times) {
    long nanos = 1 + random.nextLong(40 * MS);
    carrierFault(nic, nanos);
    long next = nanos + random.nextLong(60 * MS);
    if (times > 1) {
      world.time().after(next, () -> flapAgain(nic, times - 1));
    }
  }

  private void flapAgain(Nic nic, int times) {
    if (!over) {
      flap(nic, times);
    }
  }

  private void silence(Nic nic, long nanos) {
    int how = random.nextInt(3);
    nic.cable().deaf = how != 1;
    nic.cable().mute = how != 0;
    hits(nic.index());
    doubt(nic.index());
    mendAfter(nanos, nic.cable()::mend);
  }

  private void noise(Nic nic, long nanos) {
    nic.cable().loss = random.nextDouble() * 0.03;
    nic.cable().doubling = plan.doubling() ? random.nextDouble() * 0.1 : 0;
    nic.cable().lateness = random.nextDouble() * 0.1;
    mendAfter(nanos, nic.cable()::mend);
  }

  // Between nodes

  private boolean wayFault(Fault fault, int node, int other, long nanos) {
    if (plan.immune() >= 0 && (node == 0 || other == 0) && (spared(node) || spared(other))) {
      return false;
    }
    String one = Plan.node(node);
    String two = Plan.node(other);
    doubt(node, other);
    doubt(other, node);
    if (fault == Fault.RESET) {
      world.network().reset(one, two);
    } else {
      world.network().cut(one, two);
      mendAfter(nanos, () -> world.network().mend(one, two));
      if (fault == Fault.CUT) {
        world.network().cut(two, one);
        mendAfter(nanos, () -> world.network().mend(two, one));
      }
      if (node == 0 || other == 0) {
        hits(Math.max(node, other));
      }
    }
    tell(fault, one + (fault == Fault.HALF_CUT ? " → " : " – ") + two, nanos);
    return true;
  }

  /// However short it was: everybody's way by this NIC takes time to recover.
  private void doubt(int nic) {
    ways.forEach(each -> each.doubt(nic));
  }

  private void doubt(int home, int nic) {
    for (Ways each : ways) {
      if (each.home() == home) {
        each.doubt(nic);
      }
    }
  }

  // Processes

  private boolean pause(int node, long nanos) {
    Host host = world.process(node).host();
    if (host.dead() || spared(node)) {
      return false;
    }
    host.pause(nanos);
    doubt(node);
    if (node > 0) {
      hits(node);
      world.time().after(nanos, this::blurs);
    } else {
      blurs();
    }
    tell(Fault.PAUSE, host.name(), nanos);
    return true;
  }

  private boolean kill(int node, long nanos) {
    NodeProcess process = world.process(node);
    boolean home = node == 0 && plan.immune() >= 0;
    if (process.host().dead() || spared(node) || home) {
      return false;
    }
    process.kill();
    doubt(node);
    world.guests().forEach(guest -> guest.account().crashed(node));
    if (node > 0) {
      hits(node);
    } else {
      blurs();
    }
    mendAfter(nanos, () -> world.restart(node));
    tell(Fault.KILL, process.host().name(), nanos);
    return true;
  }

  private boolean busy(long nanos) {
    Vm guest = world.guests().get(random.nextInt(world.guests().size()));
    guest.busy(true);
    blurs();
    mendAfter(nanos, () -> guest.busy(false));
    tell(Fault.BUSY_GUEST, guest.name(), nanos);
    return true;
  }

  // The operator

  private boolean operator(Fault fault, int node, long nanos) {
    NodeProcess process = world.process(0);
    Tenant tenant = process.tenant();
    if (tenant == null || process.host().dead() || (fault == Fault.DRAIN && spared(node))) {
      return false;
    }
    String member = Plan.nic(node);
    if (fault == Fault.SET_ACTIVE) {
      process.host().submit(() -> tenant.setActive(member));
    } else {
      process.host().submit(() -> tenant.drain(member, true));
      mendAfter(nanos, () -> process.host().submit(() -> tenant.drain(member, false)));
    }
    tell(fault, member, nanos);
    return true;
  }

  /// Mends everything; what is paused goes on when its time is over.
  void end() {
    over = true;
    while (!open.isEmpty()) {
      open.getFirst().run();
    }
  }
}
