package braid.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A number with one writer thread and any readers; never resets.
public final class Counter {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String name;

  @SuppressWarnings("unused") // by VALUE
  private long value;

  /// A counter at 0.
  ///
  /// @param name what is counted, in snake case, as metrics and `status` show it
  public Counter(String name) {
    this.name = name;
  }

  /// What is counted.
  public String name() {
    return name;
  }

  /// Adds; the owning worker's thread only.
  public void add(long n) {
    // One writer, so no atomic add; opaque, so that a reader sees it soon and never half.
    VALUE.setOpaque(this, (long) VALUE.getOpaque(this) + n);
  }

  /// The sum so far; any thread.
  public long get() {
    return (long) VALUE.getOpaque(this);
  }

  @Override
  public String toString() {
    return name + "=" + get();
  }
}
