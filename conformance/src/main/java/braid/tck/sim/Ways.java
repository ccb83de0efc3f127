package braid.tck.sim;

/// What an all-knowing observer says of each way of a guest's bond: whether frames can pass it now,
/// and since when. From that follows what the bond must have found out by now.
final class Ways {
  private final World world;
  private final Vm guest;
  private final int home;
  private final long[] since = new long[Plan.NODES];
  private final boolean[] works = new boolean[Plan.NODES];

  /// The bond knows that it works, or has had the time to find out.
  private final boolean[] settled = new boolean[Plan.NODES];
  private long awakeSince;
  private long fastSince;

  Ways(World world, Vm guest) {
    this.world = world;
    this.guest = guest;
    this.home = world.guests().indexOf(guest);
  }

  /// Looks at everything; to be called often.
  void look() {
    long now = world.time().now();
    for (Nic nic : world.nicsOf(guest)) {
      boolean good = good(nic);
      int i = nic.index();
      if (good != works[i]) {
        works[i] = good;
        since[i] = now;
      }
      settled[i] = good && (settled[i] || since(nic) >= world.plan().convergence());
      if (nic.slow()) {
        fastSince = now;
      }
    }
    Host host = world.process(home).host();
    if (host.dead() || host.paused()) {
      awakeSince = now;
    }
  }

  private boolean good(Nic nic) {
    Host far = world.process(nic.index()).host();
    String here = Plan.node(home);
    return nic.carrier()
        && !nic.cable().deaf
        && !nic.cable().mute
        && !far.dead()
        && !far.paused()
        && !world.network().blocked(here, far.name())
        && !world.network().blocked(far.name(), here);
  }

  /// Every member is in use: no more doubt about ways that work.
  void whole() {
    look();
    System.arraycopy(works, 0, settled, 0, works.length);
  }

  /// Something happened to the way by `nic` that it takes time to recover from, though it works.
  void doubt(int nic) {
    settled[nic] = false;
    since[nic] = world.time().now();
  }

  /// Some way works, and the bond must know.
  boolean some() {
    return another(-1);
  }

  /// Some way but that by NIC `but` works, and the bond must know.
  boolean another(int but) {
    for (Nic nic : world.nicsOf(guest)) {
      if (nic.index() != but && settled[nic.index()]) {
        return true;
      }
    }
    return false;
  }

  Vm guest() {
    return guest;
  }

  /// The way by this NIC has been broken for longer.
  boolean brokenFor(Nic nic, long nanos) {
    return !works[nic.index()] && since(nic) > nanos;
  }

  private long since(Nic nic) {
    return world.time().now() - since[nic.index()];
  }

  /// The guest's own node has been at work for so long.
  boolean awakeFor(long nanos) {
    return world.time().now() - awakeSince >= nanos;
  }

  /// No NIC has been slow for so long.
  boolean fastFor(long nanos) {
    return world.time().now() - fastSince >= nanos;
  }

  int home() {
    return home;
  }
}
