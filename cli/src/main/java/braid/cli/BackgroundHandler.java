package braid.cli;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/// Hands log records to a thread of its own, which formats and writes them: a worker that says
/// something does not wait for it. In an emulated machine a line takes milliseconds.
///
/// **Threads**: any may publish. When more than [#RECORDS] records wait, further ones are dropped
/// rather than a worker held up; how many is said when there is room again.
final class BackgroundHandler extends Handler {
  private static final int RECORDS = 1024;
  private static final long FLUSH_MILLIS = 2_000;

  private final Handler out;
  private final BlockingQueue<LogRecord> waiting = new ArrayBlockingQueue<>(RECORDS);
  private final AtomicInteger unwritten = new AtomicInteger();
  private final AtomicInteger dropped = new AtomicInteger();

  /// Writes through `out`.
  BackgroundHandler(Handler out) {
    this.out = out;
    Thread.ofPlatform().daemon().name("braid-log").start(this::write);
  }

  @Override
  public void publish(LogRecord line) {
    unwritten.incrementAndGet();
    if (!waiting.offer(line)) {
      unwritten.decrementAndGet();
      dropped.incrementAndGet();
    }
  }

  private void write() {
    try {
      while (true) {
        out.publish(waiting.take());
        int lost = dropped.getAndSet(0);
        if (lost > 0) {
          out.publish(
              new LogRecord(java.util.logging.Level.WARNING, lost + " log lines were dropped"));
        }
        unwritten.decrementAndGet();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits until what was published is written, two seconds at most.
  @Override
  public void flush() {
    long end = System.currentTimeMillis() + FLUSH_MILLIS;
    try {
      while (unwritten.get() > 0 && System.currentTimeMillis() < end) {
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    out.flush();
  }

  @Override
  public void close() {
    flush();
  }
}
