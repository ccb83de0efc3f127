package braid.tck;

import static braid.tck.Outcome.BORNE;
import static braid.tck.Outcome.DROPPED;
import static braid.tck.Outcome.ENDED;
import static braid.tck.Outcome.STOPPED;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// What a driver can do wrong in front of a frame, in a frame and in its receive buffers (VIRTIO
/// 5.1.6).
final class FrameCases {
  private static final Set<Outcome> ANY = Set.of(ENDED, STOPPED, DROPPED);
  private static final int HEADER = Guest.NET_HEADER_BYTES;
  private static final int NEEDS_CSUM = 1;

  private FrameCases() {}

  static List<Case> all() {
    return List.of(
        sent("header shorter than 12 bytes", "5.1.6", 11, g -> {}),
        sent("header of one byte", "5.1.6", 1, g -> {}),
        sent("header without a frame", "5.1.6.2", HEADER, g -> {}),
        sent("frame shorter than an Ethernet header", "5.1.6.2", HEADER + 13, g -> {}),
        sent("frame longer than 64 KiB", "5.1.6.2", 0x30000, g -> {}),
        sent(
            "num_buffers of 65535 in a sent header",
            "5.1.6.2.1",
            HEADER + 64,
            g -> {
              u16(g, 10, 0xffff);
            }),
        sent("unknown header flags", "5.1.6.2.2", HEADER + 64, g -> u8(g, 0, 0xf8)),
        sent("unknown gso_type", "5.1.6.2", HEADER + 64, g -> u8(g, 1, 0x7f)),
        sent(
            "gso_type without gso_size",
            "5.1.6.2",
            HEADER + 64,
            g -> {
              u8(g, 0, NEEDS_CSUM);
              u8(g, 1, 1);
            }),
        sent(
            "GSO that was not negotiated",
            "5.1.6.2.1",
            HEADER + 64,
            g -> {
              u8(g, 0, NEEDS_CSUM);
              u8(g, 1, 1);
              u16(g, 4, 1000);
              u16(g, 6, 34);
              u16(g, 8, 16);
            }),
        sent(
            "checksum outside the frame",
            "5.1.6.2",
            HEADER + 64,
            g -> {
              u8(g, 0, NEEDS_CSUM);
              u16(g, 6, 0xfff0);
              u16(g, 8, 0xfff0);
            }),
        sent("hdr_len beyond the frame", "5.1.6.2", HEADER + 64, g -> u16(g, 2, 0xffff)),
        Case.withEcho(
            "receive buffer smaller than the header",
            Clause.virtio("5.1.6.3.1"),
            Set.of(ENDED, STOPPED, BORNE),
            s -> received(s, g -> fill(g, Guest.guestAddress(Guest.rxBuffer(0)), 8, true))),
        Case.withEcho(
            "receive buffer of zero length",
            Clause.virtio("2.7.5"),
            Set.of(ENDED, STOPPED, BORNE),
            s -> received(s, g -> fill(g, Guest.guestAddress(Guest.rxBuffer(0)), 0, true))),
        Case.withEcho(
            "device-readable receive buffer",
            Clause.virtio("5.1.6.3.1"),
            Set.of(ENDED, STOPPED, BORNE),
            s -> received(s, g -> fill(g, Guest.guestAddress(Guest.rxBuffer(0)), 2048, false))),
        Case.withEcho(
            "receive buffer outside memory",
            Clause.virtio("2.7.5"),
            Set.of(ENDED, STOPPED, BORNE),
            s -> received(s, g -> fill(g, Guest.guestAddress(Guest.BYTES), 2048, true))),
        Case.withEcho(
            "receive buffers too small for a frame in all",
            Clause.virtio("5.1.6.3.1"),
            Set.of(BORNE),
            FrameCases::tooFewBytes),
        Case.withEcho(
            "no receive buffers at all",
            Clause.virtio("5.1.6.3"),
            Set.of(BORNE),
            FrameCases::noBuffers));
  }

  private static void u8(Guest g, int offset, int value) {
    g.memory().set(ValueLayout.JAVA_BYTE, Guest.txBuffer(0) + offset, (byte) value);
  }

  private static void u16(Guest g, int offset, int value) {
    g.memory().set(ValueLayout.JAVA_SHORT_UNALIGNED, Guest.txBuffer(0) + offset, (short) value);
  }

  /// One frame in transmit buffer 0 with something wrong in its header or length; good frames
  /// follow in the same ring if that one came back.
  private static Case sent(String name, String clause, int bytes, Consumer<Guest> spoil) {
    return Case.of(
        name,
        Clause.virtio(clause),
        ANY,
        subject -> {
          try (Guest guest = Guest.ready(subject)) {
            guest.frame(0, 0);
            spoil.accept(guest);
            GuestRing tx = guest.ring(Guest.TX);
            tx.desc(0, Guest.guestAddress(Guest.txBuffer(0)), bytes, 0, 0);
            tx.offer(0);
            tx.publish();
            Outcome outcome = guest.afterRing(Guest.TX, 1);
            if (outcome == DROPPED) {
              goesOn(guest);
            }
            return outcome;
          }
        });
  }

  /// After one chain has come back: another must, too.
  private static void goesOn(Guest guest) {
    GuestRing tx = guest.ring(Guest.TX);
    tx.take();
    tx.desc(1, Guest.guestAddress(Guest.txBuffer(1)), guest.frame(1, 1), 0, 0);
    tx.offer(1);
    tx.publish();
    if (guest.afterRing(Guest.TX, 1) != DROPPED) {
      throw new IllegalStateException("the ring does not go on after a dropped chain");
    }
  }

  /// A guest whose receive ring is made by `fill` sends frames that come back there.
  private static Outcome received(Subject subject, Consumer<Guest> fill) {
    try (Guest guest = Guest.withMemory(subject)) {
      guest.startRings(fill);
      Outcome outcome = sendSome(guest, 8);
      return outcome == DROPPED ? BORNE : outcome;
    }
  }

  private static void fill(Guest guest, long address, long length, boolean writable) {
    for (int i = 0; i < GuestRing.SIZE; i++) {
      guest.ring(Guest.RX).desc(i, address, length, writable ? GuestRing.WRITE : 0, 0);
      guest.ring(Guest.RX).offer(i);
    }
    guest.ring(Guest.RX).publish();
  }

  private static Outcome sendSome(Guest guest, int count) {
    GuestRing tx = guest.ring(Guest.TX);
    for (int i = 0; i < count; i++) {
      tx.desc(i, Guest.guestAddress(Guest.txBuffer(i)), guest.frame(i, i), 0, 0);
      tx.offer(i);
    }
    tx.publish();
    return guest.afterRing(Guest.TX, count);
  }

  private static Outcome tooFewBytes(Subject subject) {
    try (Guest guest = Guest.withMemory(subject)) {
      guest.startRings(
          g -> {
            g.ring(Guest.RX).desc(0, Guest.guestAddress(Guest.rxBuffer(0)), 16, GuestRing.WRITE, 0);
            g.ring(Guest.RX).offer(0);
            g.ring(Guest.RX).publish();
          });
      sendSome(guest, 8);
      return guest.link().endedNow() ? ENDED : BORNE;
    }
  }

  private static Outcome noBuffers(Subject subject) {
    try (Guest guest = Guest.withMemory(subject)) {
      guest.startRings(g -> {});
      sendSome(guest, GuestRing.SIZE);
      return guest.link().endedNow() ? ENDED : BORNE;
    }
  }
}
