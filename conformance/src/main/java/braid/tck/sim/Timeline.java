package braid.tck.sim;

import java.util.PriorityQueue;

/// Virtual time: what happens when, and nothing else moves the clock.
///
/// What is due at the same time happens in the order in which it was put in, so that a seed gives
/// the same run each time.
final class Timeline {
  private record Event(long at, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = 1_000_000_000L;
  private long order;

  /// Nanoseconds since an arbitrary origin.
  long now() {
    return now;
  }

  /// How many things have happened or are to happen.
  long events() {
    return order;
  }

  void at(long when, Runnable action) {
    events.add(new Event(Math.max(now, when), order++, action));
  }

  void after(long delay, Runnable action) {
    at(now + delay, action);
  }

  /// Lets everything happen until `end`, and makes it that late.
  void runUntil(long end) {
    for (Event next = events.peek(); next != null && next.at <= end; next = events.peek()) {
      events.remove();
      now = next.at;
      next.action.run();
    }
    now = Math.max(now, end);
  }
}
