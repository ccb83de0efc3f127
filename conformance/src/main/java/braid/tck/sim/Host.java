package braid.tck.sim;

import braid.port.Clock;
import braid.port.Pump;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/// One process with its worker, as [braid.port.Worker] runs it: commands, pumps, then sleep until a
/// deadline or a wake-up, with a last look after arming. So a port that forgets to wake its worker,
/// or names its deadline wrongly, is found here as it would be on a real machine.
///
/// Its clock is its own: it starts where it likes and goes a little too fast or too slow. It can be
/// stopped for a while (a pause of the machine, a debugger) and it can be killed.
final class Host {
  private static final long TURN_NANOS = 20_000;
  private static final long WAKE_NANOS = 30_000;

  private final String name;
  private final Timeline time;
  private final RandomGenerator random;
  private final double rate;
  private final long origin;
  private final List<Pump> pumps = new ArrayList<>();
  private final Deque<Runnable> commands = new ArrayDeque<>();
  private final Deque<Runnable> late = new ArrayDeque<>();
  private long local;
  private boolean asleep;
  private boolean dead;
  private long pausedUntil;
  private boolean resuming;

  /// Which of the turns that were planned is the valid one.
  private long plan;

  private long turns;

  /// A process that starts at once.
  ///
  /// @param drift how much faster than true its clock goes, in parts of a million
  Host(String name, Timeline time, RandomGenerator random, double drift) {
    this.name = name;
    this.time = time;
    this.random = random;
    this.rate = 1 + drift / 1e6;
    this.origin = random.nextLong(1_000_000_000_000L);
    this.local = localNow();
    plan(0);
  }

  String name() {
    return name;
  }

  /// The time of this turn, as [braid.port.Worker#clock] gives it.
  Clock clock() {
    return () -> local;
  }

  private long localNow() {
    return origin + (long) (time.now() * rate);
  }

  private long global(long at) {
    return (long) Math.ceil((at - origin) / rate);
  }

  boolean dead() {
    return dead;
  }

  boolean paused() {
    return time.now() < pausedUntil;
  }

  long turns() {
    return turns;
  }

  void add(Pump pump) {
    pumps.add(pump);
  }

  void remove(Pump pump) {
    pumps.remove(pump);
  }

  /// Posts a command for the worker, as from another thread.
  void submit(Runnable command) {
    if (!dead) {
      commands.add(command);
      wake();
    }
  }

  /// Ends the worker's sleep.
  void wake() {
    if (asleep && !dead) {
      asleep = false;
      plan(random.nextLong(WAKE_NANOS));
    }
  }

  /// Lets a thread of this process other than the worker do something after a while.
  void io(long delay, Runnable action) {
    time.after(
        delay,
        () -> {
          if (dead) {
            return;
          }
          if (paused()) {
            late.add(action);
          } else {
            action.run();
          }
        });
  }

  /// Stops all threads of the process.
  void pause(long nanos) {
    pausedUntil = Math.max(pausedUntil, time.now() + nanos);
    if (!resuming) {
      resuming = true;
      time.at(pausedUntil, this::resume);
    }
  }

  private void resume() {
    if (paused()) {
      time.at(pausedUntil, this::resume);
      return;
    }
    resuming = false;
    while (!late.isEmpty() && !dead) {
      late.remove().run();
    }
    asleep = false;
    plan(random.nextLong(WAKE_NANOS));
  }

  /// Ends it: nothing of it runs any more.
  void kill() {
    dead = true;
  }

  private void plan(long delay) {
    long mine = ++plan;
    time.after(delay, () -> turn(mine));
  }

  private void turn(long mine) {
    if (dead || mine != plan || paused()) {
      return;
    }
    turns++;
    local = localNow();
    int moved = commands.size();
    for (int left = moved; left > 0; left--) {
      commands.remove().run();
    }
    for (int i = 0; i < pumps.size(); i++) {
      moved += pumps.get(i).pump();
    }
    if (moved > 0 || armed()) {
      plan(TURN_NANOS / 2 + random.nextLong(TURN_NANOS));
      return;
    }
    asleep = true;
    long deadline = Long.MAX_VALUE;
    for (Pump pump : pumps) {
      deadline = Math.min(deadline, pump.deadline());
    }
    if (deadline != Long.MAX_VALUE) {
      long at = ++plan;
      time.at(Math.max(global(deadline), time.now() + 1_000), () -> turn(at));
    }
  }

  private boolean armed() {
    boolean more = !commands.isEmpty();
    for (int i = 0; i < pumps.size(); i++) {
      more |= pumps.get(i).arm();
    }
    return more;
  }

  @Override
  public String toString() {
    return name + (dead ? " (dead)" : paused() ? " (paused)" : "");
  }
}
