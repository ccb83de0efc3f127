package braid.ssi;

/// What an option may be.
final class Range {
  private Range() {}

  /// Refuses a value out of range.
  static void check(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          option + " is " + least + " to " + most + ", not " + value);
    }
  }
}
