package braid.tck;

import java.util.Set;

/// One shape of misbehaviour.
///
/// @param name      what the guest or the front-end does, as words
/// @param clause    what it breaks
/// @param allowed   what may come of it
/// @param needsEcho runs only against a back-end that echoes
/// @param body      does it and tells what came of it
public record Case(String name, Clause clause, Set<Outcome> allowed, boolean needsEcho, Body body) {
  /// Does it.
  @FunctionalInterface
  public interface Body {
    /// Runs the case on a session of its own, which is closed afterwards.
    Outcome run(Subject subject);
  }

  static Case of(String name, Clause clause, Set<Outcome> allowed, Body body) {
    return new Case(name, clause, Set.copyOf(allowed), false, body);
  }

  static Case withEcho(String name, Clause clause, Set<Outcome> allowed, Body body) {
    return new Case(name, clause, Set.copyOf(allowed), true, body);
  }

  @Override
  public String toString() {
    return name + " (" + clause + ")";
  }
}
