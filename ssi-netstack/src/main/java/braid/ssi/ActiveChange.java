package braid.ssi;

/// One change of a bond's active member.
///
/// @param from           the member left, [#NONE] when there was none
/// @param to             the member in use from now on, [#NONE] when there is none
/// @param reason         why
/// @param detectionNanos silence on the old path when it was declared dead; 0 when it was told
///                       rather than noticed
/// @param resent         frames taken back from dead members and sent again
/// @param dropped        frames taken back that the new member had no room for
public record ActiveChange(
    String from, String to, Reason reason, long detectionNanos, int resent, int dropped) {
  /// Stands for no member.
  public static final String NONE = "none";
}
