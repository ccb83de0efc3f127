package braid.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;

/// What was opened one after the other, to be closed in reverse order. One that fails to close is
/// said and does not keep the others open. One control thread.
final class ClosingStack implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Logger log;

  ClosingStack(Logger log) {
    this.log = log;
  }

  /// Hands something over.
  ///
  /// @return the same
  <T extends AutoCloseable> T own(T thing) {
    open.push(thing);
    return thing;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      AutoCloseable thing = open.pop();
      try {
        thing.close();
      } catch (Exception e) {
        log.warn("closing {}: {}", thing, e.toString());
      }
    }
  }
}
