package braid.ssi;

/// Hears of changes in a bond; on the bond's worker, so it must not block.
@FunctionalInterface
public interface BondListener {
  /// Another member is the active one.
  void activeChanged(ActiveChange change);

  /// A member changed its state.
  default void memberChanged(String member, MemberState from, MemberState to) {}

  /// A member carries no frames any more, in a mode in which several do. When it was the active
  /// one, [#activeChanged] follows.
  default void memberLeft(MemberLeft left) {}
}
