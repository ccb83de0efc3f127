package braid.tck;

import java.util.ArrayList;
import java.util.List;

/// Runs cases against a back-end, one after the other.
public final class Conformance {
  /// Frames that a well-behaved guest moves after each case.
  private static final int FRAMES_AFTER = 64;

  private Conformance() {}

  /// All cases.
  public static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    all.addAll(RingCases.all());
    all.addAll(FrameCases.all());
    all.addAll(TableCases.all());
    all.addAll(MessageCases.all());
    all.addAll(SessionCases.all());
    return List.copyOf(all);
  }

  /// Runs all cases that fit.
  public static List<Verdict> run(Subject subject) {
    List<Verdict> verdicts = new ArrayList<>();
    for (Case shape : cases()) {
      if (subject.echo() || !shape.needsEcho()) {
        verdicts.add(run(shape, subject));
      }
    }
    return verdicts;
  }

  /// Runs one case, then has a well-behaved guest on the same socket move some frames: whatever one
  /// front-end did must not be felt by the next.
  public static Verdict run(Case shape, Subject subject) {
    Outcome outcome;
    try {
      outcome = shape.body().run(subject);
    } catch (RuntimeException e) {
      return new Verdict(shape, Outcome.WRONG, false, e.toString());
    }
    if (!shape.allowed().contains(outcome)) {
      return new Verdict(shape, outcome, false, "allowed: " + shape.allowed());
    }
    try (Guest next = Guest.ready(subject)) {
      next.exchange(FRAMES_AFTER);
    } catch (RuntimeException e) {
      return new Verdict(shape, outcome, false, "the next guest found: " + e);
    }
    return new Verdict(shape, outcome, true, "");
  }
}
