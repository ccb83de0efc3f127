package braid.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One of the two things compared: a device process on one processor and a DPDK virtio-user
/// front-end of its own on the other. Idle, without using its processors, until [#measure].
final class Side implements AutoCloseable {
  /// Below this share of its processor a poller was disturbed and the sample is worthless.
  static final double LEAST_SHARE = 0.93;

  /// A device under a front-end: started and stopped around each sample.
  interface Device extends AutoCloseable {
    /// Polls and sends back what comes.
    void start();

    /// Sleeps.
    void stop();

    /// Nanoseconds that the polling thread has run.
    long pollerNanos();

    /// What the device knows of itself after the run, for people; may be empty.
    default String note() {
      return "";
    }

    @Override
    void close();
  }

  /// DPDK's own device side.
  static final class NetVhost implements Device {
    private final Testpmd testpmd;

    NetVhost(Path socket, int cpu) {
      testpmd = Testpmd.netVhost(socket.toString(), cpu);
    }

    @Override
    public void start() {
      testpmd.command("start");
    }

    @Override
    public void stop() {
      testpmd.command("stop");
    }

    @Override
    public long pollerNanos() {
      return testpmd.pollerNanos();
    }

    @Override
    public void close() {
      testpmd.close();
    }
  }

  /// Our device, in a JVM of its own.
  static final class Braid implements Device {
    private static final Pattern ANSWER = Pattern.compile("(done|note) .*\n");
    private static final int SECONDS = 30;

    private final Child child;
    private final long poller;

    Braid(Path socket, int cpu, List<String> jvmArgs) {
      child = Child.start("braid", JavaProcess.line(LoopBackend.class, jvmArgs, socket.toString()));
      child.await(Pattern.compile("ready\n"), SECONDS);
      poller = child.pin(LoopBackend.WORKER, cpu);
    }

    private String ask(String command) {
      child.say(command);
      return child.await(ANSWER, SECONDS).group().strip();
    }

    @Override
    public void start() {
      ask("start");
    }

    @Override
    public void stop() {
      ask("stop");
    }

    @Override
    public long pollerNanos() {
      return child.runNanos(poller);
    }

    @Override
    public String note() {
      return ask("note").substring(5);
    }

    @Override
    public void close() {
      child.close();
    }
  }

  /// One sample.
  ///
  /// @param pps    frames that came back to the front-end per second
  /// @param share  the smaller share that the two pollers had of their processors
  record Sample(double pps, double share) {
    boolean valid() {
      return share >= LEAST_SHARE && pps > 0;
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.2f Mpps (share %.2f)", pps / 1e6, share);
    }
  }

  /// How long a thread had run at a time, both read together.
  private record RunTime(LongSupplier thread, long at, long ran) {
    static RunTime now(LongSupplier thread) {
      while (true) {
        long before = System.nanoTime();
        long ran = thread.getAsLong();
        long at = System.nanoTime();
        if (at - before < 5_000_000) { // else this thread was off the processor in between
          return new RunTime(thread, at, ran);
        }
      }
    }

    double shareSince() {
      RunTime now = now(thread);
      return (double) (now.ran - ran) / (now.at - at);
    }
  }

  private final Device device;
  private final Testpmd frontEnd;
  private int size;

  /// Joins a running device with a new front-end on `cpu`.
  Side(Device device, Path socket, int cpu) {
    this.device = device;
    @Nullable Testpmd started = null;
    try {
      started = Testpmd.virtioUser(socket.toString(), cpu);
    } finally {
      if (started == null) {
        device.close();
      }
    }
    this.frontEnd = started;
    device.stop();
  }

  Device device() {
    return device;
  }

  /// Lets frames of `bytes` circle, as many as the rings hold, and samples how many come back.
  ///
  /// @param settleMillis before the window
  /// @param windowMillis the window
  Sample measure(int bytes, int settleMillis, int windowMillis) {
    if (bytes != size) {
      frontEnd.command("set txpkts " + bytes);
      size = bytes;
    }
    device.start();
    frontEnd.command("start tx_first 32");
    sleep(settleMillis);
    frontEnd.rxPps();
    RunTime front = RunTime.now(frontEnd::pollerNanos);
    RunTime back = RunTime.now(device::pollerNanos);
    sleep(windowMillis);
    double pps = frontEnd.rxPps();
    double share = Math.min(front.shareSince(), back.shareSince());
    frontEnd.command("stop");
    sleep(20); // the device empties the ring: the next start begins with frames of its own size
    device.stop();
    return new Sample(pps, share);
  }

  static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    frontEnd.close();
    device.close();
  }
}
