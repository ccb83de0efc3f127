package braid.ssi;

/// What is bounded, and where.
final class Limits {
  /// Frames taken from the active member, or moved by a resend, at a time.
  static final int BATCH = 64;

  /// Frames taken from each backup member in one turn, so that a flood there does not starve the
  /// active one.
  static final int BACKUP_BATCH = 16;

  /// Slots of a member's device that data leaves free for control frames.
  static final int CONTROL_ROOM = 2;

  /// Probes that a member's device may hold at a time; two checks at their fastest make one each
  /// 3.33 ms.
  static final int PROBES = 8;

  /// Copies of frames that may be out at a time in mode broadcast.
  static final int COPIES = 128;

  /// Frames that wait for one member's room.
  static final int HELD = 256;

  /// Frames taken back from dead members that may wait for room on others.
  static final int BACKLOG = 16_384;

  /// How long they wait when none of them can move.
  static final long BACKLOG_NANOS = 1_000_000_000;

  /// How long flows may take to find a gap and leave a member that is drained.
  static final long LEAVE_NANOS = 1_000_000_000;

  /// Addresses remembered for announcements.
  static final int ADDRESSES = 64;

  /// Multicast groups remembered, to be joined anew.
  static final int GROUPS = 32;

  /// Members of a bond.
  static final int MEMBERS = 64;

  /// Own memory of a control frame: the longest made here is an LACPDU of 124 bytes.
  static final int CONTROL_FRAME_BYTES = 136;

  private Limits() {}
}
