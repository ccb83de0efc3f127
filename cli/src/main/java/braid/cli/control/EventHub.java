package braid.cli.control;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands events from wherever they happen, a worker included, to the log and to all readers.
///
/// A publisher never waits: it leaves the event in a bounded queue. One thread of the hub's own
/// numbers the events, writes the log, keeps the last ones for readers that come later, and fills
/// each reader's own bounded queue. A reader that is too slow misses events and is told how many
/// ([NodeEvent.EventsLost]); nobody else notices.
///
/// The line in the log is [NodeEvent#text], nothing more.
public final class EventHub implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.event");
  private static final int QUEUE = 4096;
  private static final int READER_QUEUE = 1024;

  /// How many past events a new reader can ask for.
  public static final int HISTORY = 256;

  /// An event with its place and time.
  ///
  /// @param sequence counts from 1 in each run of the node
  /// @param time     when it was published
  /// @param event    what happened
  public record Entry(long sequence, Instant time, NodeEvent event) {}

  private record Published(Instant time, NodeEvent event) {}

  private final InstantSource time;
  private final BlockingQueue<Published> published = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong lost = new AtomicLong();
  private final List<Reader> readers = new CopyOnWriteArrayList<>();
  private final Deque<Entry> history = new ArrayDeque<>();
  private final Thread thread;
  private long sequence;

  /// A hub that runs.
  ///
  /// @param time the date, for stamps
  public EventHub(InstantSource time) {
    this.time = time;
    this.thread = Thread.ofPlatform().daemon().name("braid-events").start(this::run);
  }

  /// Says that something happened. Any thread; never waits.
  public void publish(NodeEvent event) {
    if (!published.offer(new Published(time.instant(), event))) {
      lost.incrementAndGet();
    }
  }

  /// A reader of what happens from now on.
  ///
  /// @param past how many of the last events it gets first, 0 to [#HISTORY]
  public Reader subscribe(int past) {
    Reader reader = new Reader();
    synchronized (history) {
      history.stream().skip(Math.max(0, history.size() - past)).forEach(reader::offer);
      readers.add(reader);
    }
    return reader;
  }

  private void run() {
    try {
      while (true) {
        Published next = published.poll(1, TimeUnit.SECONDS);
        if (next != null) {
          distribute(next);
        }
        long missed = lost.getAndSet(0);
        if (missed > 0) {
          distribute(new Published(time.instant(), new NodeEvent.EventsLost(missed)));
        }
      }
    } catch (InterruptedException e) {
      // Closing: what was published before is still told.
      List<Published> rest = new ArrayList<>();
      published.drainTo(rest);
      rest.forEach(this::distribute);
    }
  }

  private void distribute(Published next) {
    if (next.event.warning()) {
      LOG.warn("{}", next.event.text());
    } else {
      LOG.info("{}", next.event.text());
    }
    synchronized (history) {
      Entry entry = new Entry(++sequence, next.time, next.event);
      history.addLast(entry);
      if (history.size() > HISTORY) {
        history.removeFirst();
      }
      readers.forEach(reader -> reader.offer(entry));
    }
  }

  /// Tells what was published so far, then ends.
  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// One reader's queue. One thread at a time.
  public final class Reader implements AutoCloseable {
    private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(READER_QUEUE);
    private @Nullable Entry held;
    private long last;

    private Reader() {}

    private void offer(Entry entry) {
      // A full queue shows as a gap in the numbers; next() tells.
      var _ = queue.offer(entry);
    }

    /// The next event, in order. Where events were left out, an event in their place says how many.
    ///
    /// @param patience how long to wait
    /// @return null when nothing happened in that time
    public @Nullable Entry next(Duration patience) throws InterruptedException {
      Entry entry = held != null ? held : queue.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
      held = null;
      if (entry == null) {
        return null;
      }
      long gap = last == 0 ? 0 : entry.sequence - last - 1;
      if (gap > 0) {
        held = entry;
        last = entry.sequence - 1;
        return new Entry(last, entry.time, new NodeEvent.EventsLost(gap));
      }
      last = entry.sequence;
      return entry;
    }

    @Override
    public void close() {
      readers.remove(this);
    }
  }
}
