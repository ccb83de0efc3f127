package braid.ssi;

/// Hears of changes in a bond; on the bond's worker, so it must not block.
@FunctionalInterface
public interface BondListener {
  /// Another member is in use.
  void activeChanged(ActiveChange change);

  /// A member changed its state.
  default void memberChanged(String member, MemberState from, MemberState to) {}
}
