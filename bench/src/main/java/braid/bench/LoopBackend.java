package braid.bench;

import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Worker;
import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/// Our device as a process: a vhost-user server whose port gets back what it gives, on one worker
/// that never sleeps.
///
/// Driven over standard input, as testpmd is: `stop` parks the worker, so that the other side of
/// the comparison has the processor; `start` lets it go on; `note` tells frames, and bytes that the
/// worker's thread allocated while they were moved.
final class LoopBackend {
  /// The worker's thread, as the kernel shows it.
  static final String WORKER = "bench-loop";

  private static final long MAC = 0x020000000001L;
  private static final int MTU = 1500;
  private static final int URING_OPERATIONS = 64;

  /// Starts before frames and bytes are counted: classes are loaded and code compiled by then.
  private static final int WARM_STARTS = 4;

  private final Worker worker;
  private final Echo echo;
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final Thread thread;
  private volatile boolean parked;
  private int starts;
  private Mark begin = new Mark(0, 0, 0);
  private long frames;
  private long batches;
  private long bytes;

  /// What the worker had done at a moment.
  private record Mark(long frames, long batches, long bytes) {}

  private LoopBackend(Worker worker, Echo echo) {
    this.worker = worker;
    this.echo = echo;
    this.thread = worker.call(Thread::currentThread);
  }

  /// See the class.
  ///
  /// @param args the socket's path
  public static void main(String[] args) throws IOException {
    IoUring ring = new IoUring(URING_OPERATIONS);
    try (Worker worker = new Worker(WORKER, Clock.SYSTEM, ring, Long.MAX_VALUE)) {
      VhostNetPort port = new VhostNetPort("loop", worker.clock(), ring);
      Echo echo = new Echo(port);
      worker.add(echo);
      worker.start();
      VhostUserServer.Settings settings =
          new VhostUserServer.Settings("loop", Path.of(args[0]), false, NetDevice.of(MAC, MTU));
      try (VhostUserServer server =
          new VhostUserServer(settings, port, worker, Clock.SYSTEM, () -> false)) {
        server.start();
        LoopBackend backend = new LoopBackend(worker, echo);
        System.out.println("ready");
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          System.out.println(backend.answer(line));
        }
        backend.start();
      }
    }
  }

  private String answer(String command) {
    switch (command) {
      case "start" -> start();
      case "stop" -> stop();
      case "note" -> {
        return String.format(
            Locale.ROOT,
            "note %d frames in batches of %.1f, %d bytes allocated, %.6f bytes per frame",
            frames,
            (double) frames / Math.max(1, batches),
            bytes,
            (double) bytes / Math.max(1, frames));
      }
      default -> {
        return "unknown command " + command;
      }
    }
    return "done " + command;
  }

  private void start() {
    if (parked) {
      parked = false;
      LockSupport.unpark(thread);
    }
    begin = mark();
  }

  private void stop() {
    if (parked) {
      return;
    }
    Mark end = mark();
    if (++starts > WARM_STARTS) {
      frames += end.frames - begin.frames;
      batches += end.batches - begin.batches;
      bytes += end.bytes - begin.bytes;
    }
    parked = true;
    worker.submit(this::park);
  }

  private void park() {
    while (parked) {
      LockSupport.park();
    }
  }

  private Mark mark() {
    return new Mark(
        echo.frames(), echo.batches(), threads.getThreadAllocatedBytes(thread.threadId()));
  }
}
