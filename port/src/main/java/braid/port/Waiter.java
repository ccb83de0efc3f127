package braid.port;

/// Where a worker waits: one io_uring in practice. The worker's thread calls everything but
/// [#wake].
public interface Waiter extends AutoCloseable {
  /// Called once by the worker's thread before anything else: some rings belong to the thread that
  /// starts them.
  default void start() {}

  /// Submits what ports queued and handles what has completed, without waiting and, when there is
  /// neither, without a system call.
  ///
  /// @return how many completions were handled
  int poll();

  /// Waits until something completes, [#wake] is called or the time is over; then handles
  /// completions as [#poll] does.
  ///
  /// @param nanos how long at most; [Long#MAX_VALUE] for no limit
  void await(long nanos);

  /// Ends a wait, present or next. Any thread.
  void wake();

  @Override
  void close();
}
