package braid.ssi;

/// What became of frames taken back from a member.
final class Tally {
  int resent;
  int dropped;

  void add(Tally other) {
    resent += other.resent;
    dropped += other.dropped;
  }
}
