package braid.tck.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// A whole small cluster in virtual time: three nodes with a NIC each, a guest below a bond over
/// all of them, the network between the nodes and the network beyond. The bond, its monitors, the
/// switches and the fabric's protocol are the real classes; sockets, NICs and guests are not.
///
/// **One seed decides everything**: settings, faults, delays, the clocks' drift. A failing seed
/// replays alone.
///
/// **A run.** The cluster starts; faults come, mended after a while, some at the same time; all is
/// mended; the cluster must be whole again within the bound that follows from its settings
/// ([Plan#convergence]); for a while not one frame may be lost either way; everything is taken
/// down, and every buffer must be back. What holds at each step: [Account] for frames, and once a
/// millisecond:
/// - as long as some way works, the bond has left a broken one within the time of its monitors
///   ([Plan#detection]), and no frame waits longer than that;
/// - with a way that no fault hits, no frame is dropped.
public final class Simulation {
  private static final long MS = 1_000_000;
  private static final long START_MAX = 2_000 * MS;
  private static final long QUIET = 60 * MS;
  private static final long SETTLE = 30 * MS;
  private static final long GAP_MAX = 150 * MS;

  private final long seed;
  private final Plan plan;
  private final RandomGenerator random;
  private final World world;
  private final Mischief mischief;
  private final List<Ways> ways = new ArrayList<>();
  private long worstConvergence;

  /// What a run came to.
  ///
  /// @param seed        of the run
  /// @param faults      how many of each kind
  /// @param frames      that guests sent
  /// @param dropped     of these, where no way was left
  /// @param repeated    of these, that left twice, by two ways
  /// @param failover    longest time from a fault on the way in use to the next frame on another,
  ///                    nanoseconds
  /// @param convergence from the last fault until all was whole again, nanoseconds
  /// @param virtual     how long the run was in its own time, nanoseconds
  /// @param events      steps of the run
  public record Outcome(
      long seed,
      Map<Fault, Integer> faults,
      long frames,
      long dropped,
      long repeated,
      long failover,
      long convergence,
      long virtual,
      long events) {
    /// All faults.
    public int faultCount() {
      return faults.values().stream().mapToInt(Integer::intValue).sum();
    }
  }

  /// A run that broke a rule.
  public static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private Failure(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private Simulation(long seed) {
    this.seed = seed;
    // Warmed up: neighbouring seeds begin alike.
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 0x9e37_79b9L + 17);
    this.plan = Plan.of(random);
    this.world = new World(plan, random);
    this.mischief = new Mischief(world, ways);
    world.guests().forEach(guest -> ways.add(new Ways(world, guest)));
  }

  /// Runs one seed.
  ///
  /// @throws Failure naming seed, settings, what was broken, and what happened before
  public static Outcome run(long seed) {
    return new Simulation(seed).run();
  }

  private Outcome run() {
    try {
      start();
      faults();
      converge();
      quiet();
      world.close();
    } catch (RuntimeException | AssertionError e) {
      throw new Failure(
          "seed %d: %s%n%s%n%s".formatted(seed, e.getMessage(), plan, world.story()), e);
    }
    return outcome();
  }

  private Outcome outcome() {
    long frames = 0;
    long dropped = 0;
    long repeated = 0;
    long failover = 0;
    for (Account account : world.book().accounts()) {
      frames += account.accepted();
      dropped += account.dropped();
      repeated += account.repeated();
      failover = Math.max(failover, account.worst());
    }
    return new Outcome(
        seed,
        mischief.counts(),
        frames,
        dropped,
        repeated,
        failover,
        worstConvergence,
        world.time().now(),
        world.time().events());
  }

  private void step() {
    world.time().runUntil(world.time().now() + MS);
    for (Ways each : ways) {
      each.look();
      check(each);
    }
  }

  private void pass(long nanos) {
    for (long end = world.time().now() + nanos; world.time().now() < end; ) {
      step();
    }
  }

  private boolean whole() {
    for (Ways each : ways) {
      Tenant tenant = world.process(each.home()).tenant();
      if (tenant == null || !tenant.whole()) {
        return false;
      }
    }
    return true;
  }

  private void start() {
    world.guests().forEach(guest -> guest.account().lossAllowed(true));
    await("the start", START_MAX);
    pass(SETTLE);
    if (plan.immune() >= 0 && !Boolean.getBoolean("lax")) {
      world.guests().getFirst().account().lossAllowed(false);
    }
  }

  /// Waits until every member of every bond is in use.
  private void await(String after, long most) {
    long began = world.time().now();
    while (!whole()) {
      if (world.time().now() - began > most) {
        throw new Violation("not whole again %d ms after %s".formatted(most / MS, after));
      }
      step();
    }
    worstConvergence = world.time().now() - began;
    ways.forEach(Ways::whole);
  }

  private void faults() {
    for (int i = 0; i < plan.faults(); i++) {
      mischief.one();
      pass(random.nextLong(GAP_MAX));
    }
  }

  private void converge() {
    mischief.end();
    while (world.somebodyPaused()) {
      step();
    }
    world.tell("all is mended");
    await("the last fault", plan.convergence());
  }

  /// All is well and must stay so: not one frame is lost either way.
  private void quiet() {
    pass(SETTLE);
    int guests = world.guests().size();
    int[] out = new int[guests];
    int[] in = new int[guests];
    for (int i = 0; i < guests; i++) {
      out[i] = world.guests().get(i).account().accepted();
      in[i] = world.peer().sent(i);
      world.guests().get(i).account().lossAllowed(false);
    }
    pass(QUIET);
    int[] sent = new int[guests];
    int[] peerSent = new int[guests];
    for (int i = 0; i < guests; i++) {
      sent[i] = world.guests().get(i).account().accepted();
      peerSent[i] = world.peer().sent(i);
    }
    pass(SETTLE);
    for (int i = 0; i < guests; i++) {
      Vm guest = world.guests().get(i);
      guest.account().assertLeft(out[i], sent[i]);
      guest.assertGot(in[i], peerSent[i]);
      guest.account().lossAllowed(true);
    }
  }

  private void check(Ways each) {
    Tenant tenant = world.process(each.home()).tenant();
    if (tenant == null || !each.awakeFor(2 * plan.detection()) || !each.some()) {
      return;
    }
    String active = tenant.bond().activeMember();
    for (Nic nic : world.nicsOf(tenant.guest())) {
      if (nic.name().equals(active) && each.brokenFor(nic, plan.detection())) {
        throw new Violation(
            "%s still uses %s, which is broken for more than %d ms, though another way works"
                .formatted(tenant.bond(), active, plan.detection() / MS));
      }
    }
    long waiting = tenant.guest().account().waiting();
    if (waiting > 2 * plan.detection() && each.fastFor(plan.convergence())) {
      throw new Violation(
          "a frame of %s waits for %d ms, though a way works"
              .formatted(tenant.guest().name(), waiting / MS));
    }
  }
}
