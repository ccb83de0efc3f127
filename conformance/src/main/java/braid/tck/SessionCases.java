package braid.tck;

import static braid.tck.Outcome.BORNE;
import static braid.tck.Outcome.ENDED;

import braid.kernel.Fd;
import braid.kernel.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// What a front-end can do with sessions: come and go, not read, not be read from.
final class SessionCases {
  private static final Clause CONNECTION = Clause.vhostUser("Communication");
  private static final Clause BACK_CHANNEL = Clause.vhostUser("Back-end communication");

  private SessionCases() {}

  static List<Case> all() {
    return List.of(
        Case.of("reconnect storm", CONNECTION, Set.of(BORNE), SessionCases::storm),
        Case.of(
            "reconnect storm with rings running",
            CONNECTION,
            Set.of(BORNE),
            SessionCases::stormOfGuests),
        Case.of(
            "front-end stops reading replies",
            CONNECTION,
            Set.of(ENDED, BORNE),
            SessionCases::stopsReading),
        Case.of("front-end sends nothing", CONNECTION, Set.of(ENDED, BORNE), SessionCases::silent),
        Case.of(
            "back-end channel never read",
            BACK_CHANNEL,
            Set.of(ENDED, BORNE),
            SessionCases::backChannelFull),
        Case.of(
            "back-end channel closed at once",
            BACK_CHANNEL,
            Set.of(ENDED, BORNE),
            SessionCases::backChannelClosed),
        Case.of(
            "memory taken away by a new owner's reset",
            CONNECTION,
            Set.of(ENDED, BORNE),
            SessionCases::resetInUse),
        Case.of(
            "stop and start of rings in use",
            Clause.vhostUser("VHOST_USER_GET_VRING_BASE"),
            Set.of(BORNE),
            SessionCases::stopAndStart));
  }

  private static Outcome storm(Subject subject) {
    for (int i = 0; i < 200; i++) {
      try (Guest guest = Guest.connected(subject)) {
        for (int request = 0; request < i % 4; request++) {
          guest.link().send(FrontEnd.GET_FEATURES, new byte[0]);
        }
      }
    }
    return BORNE;
  }

  private static Outcome stormOfGuests(Subject subject) {
    for (int i = 0; i < 20; i++) {
      try (Guest guest = Guest.ready(subject)) {
        guest.exchange(i);
        guest.frame(0, 0);
        guest.kick(Guest.TX);
      }
    }
    return BORNE;
  }

  /// Asks until neither side can send any more.
  private static Outcome stopsReading(Subject subject) {
    try (Guest guest = Guest.negotiated(subject)) {
      guest.link().sendPatience(500);
      for (int i = 0; i < 200_000; i++) {
        if (!guest.link().send(FrontEnd.GET_FEATURES, new byte[0])) {
          break;
        }
      }
      return guest.link().hungUp() ? ENDED : BORNE;
    }
  }

  private static Outcome silent(Subject subject) {
    try (Guest guest = Guest.connected(subject)) {
      return guest.link().endedNow() ? ENDED : BORNE;
    }
  }

  /// The channel's buffer is full before the back-end gets it; then a device that needs an address
  /// translation has something to say there.
  private static Outcome backChannelFull(Subject subject) {
    return withBackChannel(
        subject,
        pair -> {
          pair.getFirst().timeouts(Duration.ofMillis(1), Duration.ofMillis(1));
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment rubbish = arena.allocate(4096);
            while (true) {
              pair.getFirst().send(rubbish, List.of());
            }
          } catch (braid.kernel.LinuxException full) {
            // as wanted
          }
        });
  }

  private static Outcome backChannelClosed(Subject subject) {
    return withBackChannel(subject, pair -> pair.getLast().close());
  }

  private static Outcome withBackChannel(
      Subject subject, java.util.function.Consumer<List<UnixSocket>> spoil) {
    List<UnixSocket> pair = UnixSocket.pair();
    try (Guest guest =
        Guest.negotiated(
            subject, Guest.F_MRG_RXBUF | Guest.F_ACCESS_PLATFORM, Guest.P_BACKEND_REQ)) {
      if (!guest.has(Guest.F_ACCESS_PLATFORM) || !guest.hasProtocol(Guest.P_BACKEND_REQ)) {
        return BORNE; // it will never say anything there
      }
      spoil.accept(pair);
      Fd end = pair.getFirst().fd();
      guest.must(FrontEnd.SET_BACKEND_REQ_FD, new byte[0], end);
      guest.shareMemory();
      mapRings(guest);
      guest.startRings();
      guest.ring(Guest.TX).desc(0, Guest.guestAddress(Guest.txBuffer(0)), 76, 0, 0);
      guest.ring(Guest.TX).offer(0);
      guest.ring(Guest.TX).publish();
      return guest.afterRing(Guest.TX, 1) == ENDED ? ENDED : BORNE;
    } finally {
      pair.forEach(UnixSocket::close);
    }
  }

  /// One IOTLB update for the rings, none for the buffers: those will be missed.
  private static void mapRings(Guest guest) {
    byte[] update =
        new Bytes()
            .u64(Guest.USER_BASE) // I/O virtual address: with an IOMMU rings are told in these
            .u64(0x100000)
            .u64(Guest.USER_BASE)
            .u32(0x0203) // read and write; update
            .zeros(4)
            .done();
    guest.must(FrontEnd.IOTLB_MSG, update);
  }

  private static Outcome resetInUse(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      guest.exchange(16);
      guest.link().ask(FrontEnd.RESET_OWNER, new byte[0]);
      guest.kick(Guest.TX);
      return guest.link().endedNow() ? ENDED : BORNE;
    }
  }

  private static Outcome stopAndStart(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      for (int i = 0; i < 10; i++) {
        guest.exchange(20);
        for (int ring = 0; ring < 2; ring++) {
          guest.restart(ring);
        }
      }
      guest.exchange(20);
      return BORNE;
    }
  }
}
