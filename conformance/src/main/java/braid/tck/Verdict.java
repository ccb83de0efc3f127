package braid.tck;

/// What a case showed.
///
/// @param shape   the case
/// @param outcome what came of it
/// @param passed  the case allows that, and the back-end serves the next front-end
/// @param detail  what went wrong, empty when it passed
public record Verdict(Case shape, Outcome outcome, boolean passed, String detail) {
  @Override
  public String toString() {
    return (passed ? "pass " : "FAIL ")
        + shape.name()
        + ": "
        + outcome
        + " ("
        + shape.clause()
        + ")"
        + (detail.isEmpty() ? "" : " – " + detail);
  }
}
