package braid.ssi;

/// A member of a bond that spreads its frames stopped carrying any.
///
/// @param member         its name
/// @param reason         why
/// @param detectionNanos silence on its path when it was declared dead; 0 when that was told rather
///                       than noticed
/// @param resent         frames taken back from it and sent again on others
/// @param dropped        frames taken back that the others had no room for
public record MemberLeft(
    String member, Reason reason, long detectionNanos, int resent, int dropped) {}
