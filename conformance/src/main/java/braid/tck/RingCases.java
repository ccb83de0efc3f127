package braid.tck;

import static braid.tck.Outcome.BORNE;
import static braid.tck.Outcome.DROPPED;
import static braid.tck.Outcome.ENDED;
import static braid.tck.Outcome.STOPPED;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// What a driver can do wrong in the descriptor table and the available ring (VIRTIO 2.7).
final class RingCases {
  /// A broken ring is nothing a device can go on with; a bad chain it may also give back.
  private static final Set<Outcome> BROKEN = Set.of(ENDED, STOPPED);

  private static final Set<Outcome> BAD_CHAIN = Set.of(ENDED, STOPPED, DROPPED);
  private static final int TX = Guest.TX;
  private static final int BYTES = Guest.NET_HEADER_BYTES + Guest.FRAME_BYTES;
  private static final long BUFFER = Guest.guestAddress(Guest.txBuffer(0));
  private static final long TABLE = Guest.guestAddress(Guest.SCRATCH);

  private RingCases() {}

  static List<Case> all() {
    return List.of(
        ring(
            "available index jumps beyond the queue size",
            "2.7.13.3",
            0,
            BROKEN,
            g -> {
              g.ring(TX).jump(GuestRing.SIZE + 44);
            }),
        ring("available index goes back", "2.7.6.1", 0, BROKEN, g -> g.ring(TX).jump(-1)),
        ring(
            "available ring names a descriptor outside the table",
            "2.7.6",
            1,
            BROKEN,
            g -> {
              g.ring(TX).offer(GuestRing.SIZE + 44);
              g.ring(TX).publish();
            }),
        ring(
            "available ring names the same head twice",
            "2.7.13",
            2,
            Set.of(ENDED, STOPPED, DROPPED),
            g -> {
              g.ring(TX).desc(0, BUFFER, g.frame(0, 0), 0, 0);
              g.ring(TX).offer(0);
              g.ring(TX).offer(0);
              g.ring(TX).publish();
            }),
        chain(
            "descriptor loop of two",
            "2.7.5.2",
            g -> {
              g.ring(TX).desc(0, BUFFER, 16, GuestRing.NEXT, 1);
              g.ring(TX).desc(1, BUFFER, 16, GuestRing.NEXT, 0);
            }),
        chain(
            "descriptor that is its own next",
            "2.7.5.2",
            g -> {
              g.ring(TX).desc(0, BUFFER, 16, GuestRing.NEXT, 0);
            }),
        chain(
            "next outside the table",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, BUFFER, BYTES, GuestRing.NEXT, GuestRing.SIZE + 1);
            }),
        chain(
            "chain longer than the queue, by an indirect table",
            "2.7.5.3.1",
            g -> {
              for (int i = 0; i < 2 * GuestRing.SIZE; i++) {
                indirect(g, i, BUFFER, 1, i + 1 < 2 * GuestRing.SIZE ? GuestRing.NEXT : 0, i + 1);
              }
              g.ring(TX).desc(0, TABLE, 32L * GuestRing.SIZE, GuestRing.INDIRECT, 0);
            }),
        chain(
            "chain as long as the queue with pieces of one byte",
            "2.7.5.3.1",
            Set.of(ENDED, STOPPED, DROPPED),
            g -> {
              for (int i = 0; i < GuestRing.SIZE; i++) {
                g.ring(TX)
                    .desc(i, BUFFER + i, 1, i + 1 < GuestRing.SIZE ? GuestRing.NEXT : 0, i + 1);
              }
            }),
        chain(
            "indirect inside indirect",
            "2.7.5.3.1",
            g -> {
              indirect(g, 0, TABLE + 256, 16, GuestRing.INDIRECT, 0);
              indirect(g, 16, BUFFER, BYTES, 0, 0);
              g.ring(TX).desc(0, TABLE, 16, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect table that contains itself",
            "2.7.5.3.1",
            g -> {
              indirect(g, 0, TABLE, 16, GuestRing.INDIRECT, 0);
              g.ring(TX).desc(0, TABLE, 16, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect together with next",
            "2.7.5.3.1",
            g -> {
              indirect(g, 0, BUFFER, BYTES, 0, 0);
              g.ring(TX).desc(0, TABLE, 16, GuestRing.INDIRECT | GuestRing.NEXT, 1);
              g.ring(TX).desc(1, BUFFER, BYTES, 0, 0);
            }),
        chain(
            "loop in an indirect table",
            "2.7.5.2",
            g -> {
              indirect(g, 0, BUFFER, 16, GuestRing.NEXT, 1);
              indirect(g, 1, BUFFER, 16, GuestRing.NEXT, 0);
              g.ring(TX).desc(0, TABLE, 32, GuestRing.INDIRECT, 0);
            }),
        chain(
            "next outside an indirect table",
            "2.7.5.3",
            g -> {
              indirect(g, 0, BUFFER, 16, GuestRing.NEXT, 9);
              g.ring(TX).desc(0, TABLE, 32, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect table of no bytes",
            "2.7.5.3",
            g -> {
              g.ring(TX).desc(0, TABLE, 0, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect table whose length is no multiple of 16",
            "2.7.5.3",
            g -> {
              indirect(g, 0, BUFFER, BYTES, 0, 0);
              g.ring(TX).desc(0, TABLE, 17, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect table outside memory",
            "2.7.5.3",
            g -> {
              g.ring(TX).desc(0, Guest.guestAddress(Guest.BYTES), 16, GuestRing.INDIRECT, 0);
            }),
        chain(
            "indirect table across the end of memory",
            "2.7.5.3",
            g -> {
              g.ring(TX).desc(0, Guest.guestAddress(Guest.BYTES) - 16, 64, GuestRing.INDIRECT, 0);
            }),
        new Case(
            "indirect without the feature",
            Clause.virtio("2.7.5.3.1"),
            BAD_CHAIN,
            false,
            RingCases::indirectNotNegotiated),
        chain("descriptor of zero length", "2.7.5", g -> g.ring(TX).desc(0, BUFFER, 0, 0, 0)),
        chain(
            "zero length in the middle of a chain",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, BUFFER, Guest.NET_HEADER_BYTES, GuestRing.NEXT, 1);
              g.ring(TX).desc(1, BUFFER, 0, GuestRing.NEXT, 2);
              g.ring(TX).desc(2, BUFFER, Guest.FRAME_BYTES, 0, 0);
            }),
        chain("address below memory", "2.7.5", g -> g.ring(TX).desc(0, 0, BYTES, 0, 0)),
        chain(
            "address above memory",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, Guest.guestAddress(Guest.BYTES), BYTES, 0, 0);
            }),
        chain(
            "buffer across the end of memory",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, Guest.guestAddress(Guest.BYTES) - 16, BYTES, 0, 0);
            }),
        chain(
            "front-end address in place of a guest address",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, Guest.USER_BASE + Guest.TX_BUFFERS, BYTES, 0, 0);
            }),
        chain(
            "address and length wrap around 2^64",
            "2.7.5",
            g -> {
              g.ring(TX).desc(0, 0xffff_ffff_ffff_f000L, 0x2000 + BUFFER, 0, 0);
            }),
        chain("length of 2^32 - 1", "2.7.5", g -> g.ring(TX).desc(0, BUFFER, 0xffff_ffffL, 0, 0)),
        chain(
            "lengths that wrap around 2^32 in sum",
            "2.7.5.2",
            g -> {
              for (int i = 0; i < 4; i++) {
                g.ring(TX).desc(i, BUFFER, 0x4000_0010L, i < 3 ? GuestRing.NEXT : 0, i + 1);
              }
            }),
        chain(
            "lengths in memory that go beyond every frame in sum",
            "5.1.6.2",
            g -> {
              for (int i = 0; i < GuestRing.SIZE; i++) {
                long at = Guest.guestAddress(0x100000);
                g.ring(TX)
                    .desc(i, at, 0x100000, i + 1 < GuestRing.SIZE ? GuestRing.NEXT : 0, i + 1);
              }
            }),
        chain(
            "device-writable descriptor in the transmit queue",
            "5.1.6.2",
            g -> {
              g.ring(TX).desc(0, BUFFER, BYTES, GuestRing.WRITE, 0);
            }),
        chain(
            "device-readable after device-writable",
            "2.7.4.2",
            g -> {
              g.ring(TX).desc(0, BUFFER, BYTES, GuestRing.WRITE | GuestRing.NEXT, 1);
              g.ring(TX).desc(1, BUFFER, BYTES, 0, 0);
            }),
        Case.of(
            "kicks without anything offered",
            Clause.virtio("2.7.10"),
            Set.of(BORNE),
            RingCases::emptyKicks));
  }

  private static void indirect(Guest g, int i, long address, long length, int flags, int next) {
    GuestRing.desc(g.memory(), Guest.SCRATCH + 16L * i, address, length, flags, next);
  }

  /// Chain 0 of the transmit queue, offered once.
  private static Case chain(String name, String clause, Consumer<Guest> build) {
    return chain(name, clause, BAD_CHAIN, build);
  }

  private static Case chain(
      String name, String clause, Set<Outcome> allowed, Consumer<Guest> build) {
    return ring(
        name,
        clause,
        1,
        allowed,
        g -> {
          g.frame(0, 0);
          build.accept(g);
          g.ring(TX).offer(0);
          g.ring(TX).publish();
        });
  }

  private static Case ring(
      String name, String clause, int chains, Set<Outcome> allowed, Consumer<Guest> spoil) {
    return Case.of(
        name,
        Clause.virtio(clause),
        allowed,
        subject -> {
          try (Guest guest = Guest.ready(subject)) {
            spoil.accept(guest);
            return guest.afterRing(TX, chains);
          }
        });
  }

  private static Outcome indirectNotNegotiated(Subject subject) {
    try (Guest guest = Guest.negotiated(subject, Guest.F_MRG_RXBUF, 0)) {
      guest.shareMemory();
      guest.startRings();
      guest.frame(0, 0);
      indirect(guest, 0, BUFFER, BYTES, 0, 0);
      guest.ring(TX).desc(0, TABLE, 16, GuestRing.INDIRECT, 0);
      guest.ring(TX).offer(0);
      guest.ring(TX).publish();
      return guest.afterRing(TX, 1);
    }
  }

  private static Outcome emptyKicks(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      for (int i = 0; i < 10_000; i++) {
        guest.kick(i & 1);
      }
      guest.exchange(16);
      return BORNE;
    }
  }
}
