package braid.ssi;

import braid.port.Frame;

/// The continuity check message of IEEE 802.1Q-2018, 21.6, read from and written into a [Frame].
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 6 | destination 01-80-C2-00-00-3L, L the level |
/// | 6 | 6 | source |
/// | 12 | 2 | 0x8902 |
/// | 14 | 1 | level (high 3 bits), version 0 |
/// | 15 | 1 | opcode 1 |
/// | 16 | 1 | flags: 0x80 RDI ("I do not hear you"), low 3 bits the interval's code |
/// | 17 | 1 | offset of the first TLV from byte 18: 70 |
/// | 18 | 4 | sequence number |
/// | 22 | 2 | MEP identifier |
/// | 24 | 48 | MAID ([Maid]) |
/// | 72 | 16 | defined by ITU-T Y.1731, 0 |
/// | 88 | 4 | Interface Status TLV: type 4, length 1 (2 bytes), value |
/// | 92 | 1 | End TLV: 0 |
///
/// A reader looks for the interface status among TLVs in any order and of any kind.
final class Ccm {
  static final int BYTES = 93;

  /// Interface status (21.5.5): the message has none.
  static final int STATUS_ABSENT = 0;

  static final int STATUS_UP = 1;
  static final int STATUS_DOWN = 2;

  /// The TLVs do not add up.
  static final int STATUS_MALFORMED = -1;

  private static final long GROUP = 0x0180_c200_0030L;
  private static final int LEVEL = 14;
  private static final int OPCODE = 15;
  private static final int FLAGS = 16;
  private static final int FIRST_TLV = 17;
  private static final int SEQUENCE = 18;
  private static final int MEP_ID = 22;
  private static final int MAID = 24;
  private static final int TLVS = 88;
  private static final int TLV_BASE = 18;
  private static final int FIRST_TLV_OFFSET = 70;
  private static final int OPCODE_CCM = 1;
  private static final int RDI = 0x80;
  private static final int TLV_END = 0;
  private static final int TLV_INTERFACE_STATUS = 4;

  private Ccm() {}

  /// A continuity check message of this association at this level; the caller has seen the
  /// EtherType. Everything else is somebody else's frame.
  static boolean of(Frame frame, Maid maid, int level) {
    return frame.headLength() >= TLVS
        && frame.u8(LEVEL) >>> 5 == level
        && frame.u8(OPCODE) == OPCODE_CCM
        && maid.at(frame.head() + MAID);
  }

  static boolean rdi(Frame frame) {
    return (frame.u8(FLAGS) & RDI) != 0;
  }

  static int intervalCode(Frame frame) {
    return frame.u8(FLAGS) & 7;
  }

  static int sequence(Frame frame) {
    return frame.i32(SEQUENCE);
  }

  static int mepId(Frame frame) {
    return frame.u16(MEP_ID) & 0x1fff;
  }

  /// The value of the Interface Status TLV, [#STATUS_ABSENT] or [#STATUS_MALFORMED].
  static int interfaceStatus(Frame frame) {
    int end = frame.headLength();
    int at = TLV_BASE + frame.u8(FIRST_TLV);
    if (at < TLVS) {
      return STATUS_MALFORMED;
    }
    // Each TLV but the last takes at least 3 bytes, so the head's length bounds the loop.
    while (at < end) {
      int type = frame.u8(at);
      if (type == TLV_END) {
        return STATUS_ABSENT;
      }
      if (at + 3 > end || at + 3 + frame.u16(at + 1) > end) {
        return STATUS_MALFORMED;
      }
      int length = frame.u16(at + 1);
      if (type == TLV_INTERFACE_STATUS) {
        return length == 1 ? frame.u8(at + 3) : STATUS_MALFORMED;
      }
      at += 3 + length;
    }
    return STATUS_MALFORMED;
  }

  /// Writes a whole message but for sequence, flags and status, which [#stamp] sets.
  static void write(Frame frame, long source, Continuity config, Maid maid) {
    Wire.ethernet(frame, BYTES, GROUP | config.level(), source, Wire.TYPE_CFM);
    Wire.put8(frame, LEVEL, config.level() << 5);
    Wire.put8(frame, OPCODE, OPCODE_CCM);
    Wire.put8(frame, FIRST_TLV, FIRST_TLV_OFFSET);
    Wire.put16(frame, MEP_ID, config.mepId());
    maid.write(frame.head() + MAID);
    Wire.put8(frame, TLVS, TLV_INTERFACE_STATUS);
    Wire.put16(frame, TLVS + 1, 1);
  }

  static void stamp(Frame frame, int sequence, CcmInterval interval, boolean rdi, int status) {
    Wire.put32(frame, SEQUENCE, sequence);
    Wire.put8(frame, FLAGS, interval.code() | (rdi ? RDI : 0));
    Wire.put8(frame, TLVS + 3, status);
  }
}
