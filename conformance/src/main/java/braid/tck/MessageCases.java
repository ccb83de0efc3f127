package braid.tck;

import static braid.tck.Outcome.BORNE;
import static braid.tck.Outcome.ENDED;
import static braid.tck.Outcome.REFUSED;
import static braid.tck.Outcome.STOPPED;

import braid.kernel.EventFd;
import braid.kernel.Fd;
import braid.kernel.UnixSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/// What a front-end can do wrong in a message: header, size, numbers, descriptors.
final class MessageCases {
  private static final Set<Outcome> BAD = Set.of(ENDED, REFUSED);
  private static final Clause HEADER = Clause.vhostUser("Message Specification: Header");
  private static final Clause SIZES = Clause.vhostUser("Message Specification: Payload");
  private static final Clause FDS = Clause.vhostUser("Communication: ancillary data");
  private static final byte[] NOTHING = new byte[0];
  private static final int HEADER_BYTES = FrontEnd.HEADER_BYTES;

  private MessageCases() {}

  static List<Case> all() {
    List<Case> all = new ArrayList<>(headers());
    all.addAll(rings());
    all.addAll(notifications());
    return all;
  }

  private static List<Case> headers() {
    return List.of(
        raw("message cut inside its header", HEADER, header(1, 1, 0), 5),
        raw("message cut inside its payload", SIZES, vringNum(), HEADER_BYTES + 3),
        raw("message cut after its header", SIZES, vringNum(), HEADER_BYTES),
        bad(
            "oversize message of 5000 bytes",
            SIZES,
            g -> g.link().ask(FrontEnd.SET_VRING_NUM, new byte[5000])),
        bad("message size of 2^31 - 1", SIZES, g -> header(g, 8, 9, 0x7fff_ffffL)),
        bad("message size of 2^32 - 1", SIZES, g -> header(g, 8, 9, 0xffff_ffffL)),
        bad(
            "payload shorter than its request has",
            SIZES,
            g -> g.link().ask(FrontEnd.SET_VRING_NUM, new byte[4])),
        bad(
            "payload longer than its request has",
            SIZES,
            g -> g.link().ask(FrontEnd.SET_VRING_NUM, new byte[24])),
        bad(
            "payload for a request that has none",
            SIZES,
            g -> g.link().ask(FrontEnd.SET_OWNER, new byte[8])),
        bad("request id 0", HEADER, g -> g.link().ask(0, NOTHING)),
        bad("request id 999", HEADER, g -> g.link().ask(999, NOTHING)),
        bad("request id 2^32 - 1", HEADER, g -> g.link().ask(-1, NOTHING)),
        bad("flags with version 0", HEADER, g -> flags(g, 8)),
        bad("flags with version 2", HEADER, g -> flags(g, 10)),
        bad("flags that say reply", HEADER, g -> flags(g, 9 | FrontEnd.REPLY)),
        bad(
            "features that were not offered",
            Clause.vhostUser("VHOST_USER_SET_FEATURES"),
            g -> g.link().ask(FrontEnd.SET_FEATURES, new Bytes().u64(-1L).done())),
        bad(
            "protocol features that were not offered",
            Clause.vhostUser("VHOST_USER_SET_PROTOCOL_FEATURES"),
            g -> g.link().ask(FrontEnd.SET_PROTOCOL_FEATURES, new Bytes().u64(-1L).done())),
        bad(
            "dirty log without the feature",
            Clause.vhostUser("VHOST_USER_SET_LOG_BASE"),
            g ->
                g.link()
                    .ask(
                        FrontEnd.SET_LOG_BASE,
                        new Bytes().u64(4096).u64(0).done(),
                        g.file().fd())));
  }

  private static List<Case> rings() {
    Clause num = Clause.vhostUser("VHOST_USER_SET_VRING_NUM");
    Clause addr = Clause.vhostUser("VHOST_USER_SET_VRING_ADDR");
    Clause base = Clause.vhostUser("VHOST_USER_SET_VRING_BASE");
    Clause enable = Clause.vhostUser("VHOST_USER_SET_VRING_ENABLE");
    long at = Guest.USER_BASE;
    return List.of(
        state("queue size 0", num, FrontEnd.SET_VRING_NUM, 0, 0),
        state("queue size 3", num, FrontEnd.SET_VRING_NUM, 0, 3),
        state("queue size 65536", num, FrontEnd.SET_VRING_NUM, 0, 65536),
        state("queue size 2^31", num, FrontEnd.SET_VRING_NUM, 0, 1L << 31),
        state("size of ring 77", num, FrontEnd.SET_VRING_NUM, 77, 256),
        state("size of ring 2^32 - 1", num, FrontEnd.SET_VRING_NUM, 0xffff_ffffL, 256),
        state("base of ring 77", base, FrontEnd.SET_VRING_BASE, 77, 0),
        state("base 65536 of a split ring", base, FrontEnd.SET_VRING_BASE, 0, 65536),
        state(
            "base asked of ring 77",
            Clause.vhostUser("VHOST_USER_GET_VRING_BASE"),
            FrontEnd.GET_VRING_BASE,
            77,
            0),
        state("enable ring 77", enable, FrontEnd.SET_VRING_ENABLE, 77, 1),
        state("enable with 2", enable, FrontEnd.SET_VRING_ENABLE, 0, 2),
        address("of ring 77", addr, Guest.ringAddresses(77, at, at + 0x2000, at + 0x1000)),
        address(
            "with an unaligned descriptor table",
            addr,
            Guest.ringAddresses(0, at + 8, at + 0x2000, at + 0x1000)),
        address(
            "with an unaligned available ring",
            addr,
            Guest.ringAddresses(0, at, at + 0x2000, at + 0x1001)),
        address(
            "with an unaligned used ring",
            addr,
            Guest.ringAddresses(0, at, at + 0x2002, at + 0x1000)),
        address("below memory", addr, Guest.ringAddresses(0, 0, 0x2000, 0x1000)),
        address(
            "with the used ring across the end of memory",
            addr,
            Guest.ringAddresses(0, at, at + Guest.BYTES - 16, at + 0x1000)),
        address(
            "that wraps around 2^64", addr, Guest.ringAddresses(0, -16L, at + 0x2000, at + 0x1000)),
        address(
            "in guest addresses",
            addr,
            Guest.ringAddresses(
                0, Guest.GUEST_BASE, Guest.GUEST_BASE + 0x2000, Guest.GUEST_BASE + 0x1000)),
        new Case(
            "ring addresses before any memory",
            addr,
            Set.of(ENDED, REFUSED, STOPPED, BORNE),
            false,
            MessageCases::addressBeforeMemory),
        new Case("enable before set-up", enable, Set.of(BORNE), false, MessageCases::enableFirst),
        new Case(
            "kick before set-up",
            Clause.vhostUser("VHOST_USER_SET_VRING_KICK"),
            Set.of(ENDED, REFUSED, BORNE),
            false,
            MessageCases::kickFirst));
  }

  private static List<Case> notifications() {
    return List.of(
        notification("pipe as kick", FrontEnd.SET_VRING_KICK, true),
        notification("file as kick", FrontEnd.SET_VRING_KICK, false),
        notification("file as call", FrontEnd.SET_VRING_CALL, false),
        doorbell("full pipe as call, made blocking", false, true),
        doorbell("full socket as call, made blocking", true, true),
        doorbell("pipe as call whose reader has gone", false, false),
        doorbell("socket as call whose peer has gone", true, false),
        bad(
            "kick without its descriptor",
            FDS,
            g -> g.link().ask(FrontEnd.SET_VRING_KICK, new Bytes().u64(0).done())),
        bad(
            "kick with two descriptors",
            FDS,
            g ->
                g.link()
                    .ask(
                        FrontEnd.SET_VRING_KICK,
                        new Bytes().u64(0).done(),
                        g.call(0).fd(),
                        g.call(1).fd())),
        bad(
            "kick of ring 77",
            Clause.vhostUser("VHOST_USER_SET_VRING_KICK"),
            g -> g.link().ask(FrontEnd.SET_VRING_KICK, new Bytes().u64(77).done(), g.call(0).fd())),
        bad(
            "descriptor with a request that has none",
            FDS,
            g ->
                g.link()
                    .ask(
                        FrontEnd.SET_VRING_NUM,
                        new Bytes().u32(0).u32(256).done(),
                        g.call(0).fd())),
        bad("thirty descriptors with one request", FDS, MessageCases::thirty),
        new Case(
            "call eventfd full",
            Clause.vhostUser("VHOST_USER_SET_VRING_CALL"),
            Set.of(BORNE),
            false,
            s -> fullCall(s, false)),
        new Case(
            "call eventfd full and made blocking",
            Clause.vhostUser("VHOST_USER_SET_VRING_CALL"),
            Set.of(BORNE),
            false,
            s -> fullCall(s, true)));
  }

  /// One message to a back-end that has agreed on features and has memory.
  private static Case bad(String name, Clause clause, Function<Guest, Outcome> act) {
    return new Case(
        name,
        clause,
        BAD,
        false,
        subject -> {
          try (Guest guest = Guest.withMemory(subject)) {
            return act.apply(guest);
          }
        });
  }

  private static Case state(String name, Clause clause, int request, long index, long number) {
    return bad(
        name,
        clause,
        guest -> guest.link().ask(request, new Bytes().u32(index).u32(number).done()));
  }

  /// Refused when it is set or when the ring is started: both are allowed.
  private static Case address(String name, Clause clause, byte[] payload) {
    return new Case(
        "ring address " + name,
        clause,
        Set.of(ENDED, REFUSED, STOPPED),
        false,
        subject -> {
          try (Guest guest = Guest.withMemory(subject)) {
            guest.must(FrontEnd.SET_VRING_NUM, new Bytes().u32(0).u32(GuestRing.SIZE).done());
            Outcome outcome = guest.link().ask(FrontEnd.SET_VRING_ADDR, payload);
            if (outcome != BORNE) {
              return outcome;
            }
            outcome =
                guest
                    .link()
                    .ask(FrontEnd.SET_VRING_KICK, new Bytes().u64(0).done(), guest.call(1).fd());
            return outcome == BORNE ? STOPPED : outcome;
          }
        });
  }

  private static byte[] header(long request, long flags, long size) {
    return new Bytes().u32(request).u32(flags).u32(size).done();
  }

  private static byte[] vringNum() {
    return new Bytes().u32(8).u32(1).u32(8).u32(0).u32(256).done();
  }

  /// The first `count` bytes of a message, then the end of the session.
  private static Case raw(String name, Clause clause, byte[] bytes, int count) {
    return new Case(
        name,
        clause,
        Set.of(ENDED),
        false,
        subject -> {
          try (Guest guest = Guest.withMemory(subject)) {
            guest.link().raw(java.util.Arrays.copyOf(bytes, count), NOTHING, List.of());
            return ENDED; // by us; the verdict is whether the next guest is served
          }
        });
  }

  private static Outcome header(Guest guest, int request, int flags, long size) {
    guest.link().raw(header(request, flags, size), new byte[64], List.of());
    return guest.link().answer(request);
  }

  private static Outcome flags(Guest guest, int flags) {
    byte[] payload = new Bytes().u32(0).u32(256).done();
    guest.link().send(FrontEnd.SET_VRING_NUM, flags, payload, List.of());
    return guest.link().answer(FrontEnd.SET_VRING_NUM);
  }

  private static Outcome thirty(Guest guest) {
    List<Fd> fds = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      fds.add(guest.call(0).fd());
    }
    return guest.link().ask(FrontEnd.SET_VRING_NUM, new Bytes().u32(0).u32(256).done(), fds);
  }

  private static Outcome addressBeforeMemory(Subject subject) {
    try (Guest guest = Guest.negotiated(subject)) {
      guest.must(FrontEnd.SET_VRING_NUM, new Bytes().u32(0).u32(GuestRing.SIZE).done());
      return guest.link().ask(FrontEnd.SET_VRING_ADDR, Guest.ringAddresses(0));
    }
  }

  /// QEMU enables rings several times before there are any.
  private static Outcome enableFirst(Subject subject) {
    try (Guest guest = Guest.negotiated(subject)) {
      for (int i = 0; i < 10; i++) {
        guest.must(FrontEnd.SET_VRING_ENABLE, new Bytes().u32(i & 1).u32(1).done());
      }
      guest.shareMemory();
      guest.startRings();
      guest.exchange(16);
      return BORNE;
    }
  }

  private static Outcome kickFirst(Subject subject) {
    try (Guest guest = Guest.negotiated(subject);
        EventFd kick = EventFd.create()) {
      kick.signal();
      return guest.link().ask(FrontEnd.SET_VRING_KICK, new Bytes().u64(1).done(), kick.fd());
    }
  }

  private static Case notification(String name, int request, boolean pipe) {
    return bad(
        name,
        Clause.vhostUser("Ring notifications are eventfds"),
        guest -> {
          List<Fd> fds = pipe ? Libc.pipe() : List.of(file());
          try {
            return guest.link().ask(request, new Bytes().u64(0).done(), fds.getLast());
          } finally {
            fds.forEach(Fd::close);
          }
        });
  }

  /// Some front-ends really give pipes and sockets for calls, so a back-end may take them; then it
  /// must neither wait for them nor die of them.
  ///
  /// @param full the other end is there and does not read; else it is closed
  private static Case doorbell(String name, boolean socket, boolean full) {
    return Case.of(
        name,
        Clause.vhostUser("VHOST_USER_SET_VRING_CALL"),
        Set.of(ENDED, REFUSED, BORNE),
        subject -> {
          List<Fd> ends =
              socket ? UnixSocket.pair().stream().map(UnixSocket::fd).toList() : Libc.pipe();
          try (Guest guest = Guest.ready(subject)) {
            Outcome outcome = BORNE;
            for (int ring = 0; ring < 2 && outcome == BORNE; ring++) {
              outcome =
                  guest
                      .link()
                      .ask(FrontEnd.SET_VRING_CALL, new Bytes().u64(ring).done(), ends.getLast());
            }
            if (full) {
              Libc.fill(ends.getLast());
            } else {
              ends.getFirst().close();
            }
            if (outcome == BORNE) {
              guest.exchange(64);
            }
            return outcome;
          } finally {
            ends.forEach(Fd::close);
          }
        });
  }

  private static Fd file() {
    try {
      Path path = Files.createTempFile("braid-tck", "");
      Fd fd = Fd.open(path);
      Files.delete(path);
      return fd;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nobody takes the calls: the counter is at its limit and a blocking write would wait for ever.
  private static Outcome fullCall(Subject subject, boolean blocking) {
    try (Guest guest = Guest.ready(subject)) {
      for (int ring = 0; ring < 2; ring++) {
        guest.call(ring).drain();
        if (blocking) {
          Libc.makeBlocking(guest.call(ring).fd());
        }
        Libc.add(guest.call(ring).fd(), -2L);
      }
      guest.exchange(64);
      return BORNE;
    }
  }
}
