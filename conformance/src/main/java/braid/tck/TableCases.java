package braid.tck;

import static braid.tck.Outcome.BORNE;
import static braid.tck.Outcome.ENDED;
import static braid.tck.Outcome.REFUSED;
import static braid.tck.Outcome.STOPPED;

import braid.kernel.EventFd;
import braid.kernel.Fd;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What a front-end can do wrong with memory: SET_MEM_TABLE, and the files behind it.
final class TableCases {
  private static final Clause TABLE = Clause.vhostUser("VHOST_USER_SET_MEM_TABLE");
  private static final Set<Outcome> BAD = Set.of(ENDED, REFUSED);
  private static final long BASE = Guest.GUEST_BASE;
  private static final long USER = Guest.USER_BASE;
  private static final long HALF = 0x100000;

  private TableCases() {}

  /// One region of the table.
  private record Region(long guest, long size, long user, long offset) {}

  static List<Case> all() {
    Region low = new Region(BASE, HALF, USER, 0);
    Region high = new Region(BASE + HALF, HALF, USER + HALF, HALF);
    return List.of(
        table(
            "regions overlap in guest addresses",
            2,
            low,
            new Region(BASE + HALF / 2, HALF, USER + HALF, HALF)),
        table("the same region twice", 2, low, low),
        table(
            "regions overlap in front-end addresses",
            2,
            low,
            new Region(BASE + HALF, HALF, USER + HALF / 2, HALF)),
        table(
            "region with an unaligned offset in the file", 1, new Region(BASE, HALF, USER, 0x123)),
        legal("region with an unaligned guest address", 1, new Region(BASE + 0x10, HALF, USER, 0)),
        legal("region with an unaligned size", 1, new Region(BASE, HALF + 1, USER, 0)),
        table("region of no bytes", 1, new Region(BASE, 0, USER, 0)),
        table("region larger than its file", 1, new Region(BASE, Guest.BYTES + 4096, USER, 0)),
        table(
            "region whose offset lies beyond its file",
            1,
            new Region(BASE, 4096, USER, Guest.BYTES)),
        table(
            "offset and size wrap around 2^64",
            1,
            new Region(BASE, 0x2000, USER, 0xffff_ffff_ffff_f000L)),
        table(
            "guest address and size wrap around 2^64",
            1,
            new Region(0xffff_ffff_ffff_f000L, HALF, USER, 0)),
        table(
            "front-end address and size wrap around 2^64",
            1,
            new Region(BASE, HALF, 0xffff_ffff_ffff_f000L, 0)),
        table("region of 2^63 bytes", 1, new Region(BASE, 1L << 63, USER, 0)),
        table("fewer descriptors than regions", 1, low, high),
        table("no descriptor at all", 0, low),
        table("more descriptors than regions", 3, low, high),
        raw("more descriptors than a message may have", 20, regions(1, List.of(low))),
        raw("more regions than the limit of 8", 8, regions(9, nine())),
        raw("region count of 2^32 - 1", 1, regions(0xffff_ffffL, List.of(low))),
        raw("region count larger than the payload", 2, regions(2, List.of(low))),
        raw("payload of four bytes", 1, new Bytes().u32(1).done()),
        new Case("eventfd in place of a memory file", TABLE, BAD, false, TableCases::eventFd),
        new Case("pipe in place of a memory file", TABLE, BAD, false, TableCases::pipe),
        new Case(
            "a bad table after a good one, in use", TABLE, BAD, false, TableCases::badAfterGood),
        new Case(
            "a new table while the rings run", TABLE, Set.of(BORNE), false, TableCases::sameAgain),
        new Case(
            "a table without the memory that the rings lie in",
            TABLE,
            Set.of(ENDED, REFUSED, STOPPED),
            false,
            TableCases::ringsGone),
        new Case(
            "memory file shrunk to nothing after mapping",
            TABLE,
            Set.of(ENDED, STOPPED),
            false,
            s -> shrink(s, 0)),
        new Case(
            "memory file shrunk behind the rings after mapping",
            TABLE,
            Set.of(ENDED, STOPPED),
            false,
            s -> shrink(s, Guest.SCRATCH)),
        Case.withEcho(
            "memory file shrunk while frames flow",
            TABLE,
            Set.of(ENDED, STOPPED),
            TableCases::shrinkInUse));
  }

  private static List<Region> nine() {
    List<Region> regions = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      regions.add(new Region(BASE + i * 0x10000L, 0x10000, USER + i * 0x10000L, i * 0x10000L));
    }
    return regions;
  }

  private static byte[] regions(long count, List<Region> regions) {
    Bytes bytes = new Bytes().u32(count).u32(0);
    for (Region region : regions) {
      bytes.u64(region.guest()).u64(region.size()).u64(region.user()).u64(region.offset());
    }
    return bytes.done();
  }

  private static Case table(String name, int fds, Region... regions) {
    return raw(name, fds, regions(regions.length, List.of(regions)));
  }

  /// Odd, but the specification does not forbid it.
  private static Case legal(String name, int fds, Region... regions) {
    return raw(name, fds, Set.of(ENDED, REFUSED, BORNE), regions(regions.length, List.of(regions)));
  }

  private static Case raw(String name, int fds, byte[] payload) {
    return raw(name, fds, BAD, payload);
  }

  private static Case raw(String name, int fds, Set<Outcome> allowed, byte[] payload) {
    return Case.of(
        "memory table: " + name,
        TABLE,
        allowed,
        subject -> {
          try (Guest guest = Guest.negotiated(subject)) {
            List<Fd> list = new ArrayList<>();
            for (int i = 0; i < fds; i++) {
              list.add(guest.file().fd());
            }
            return guest.link().ask(FrontEnd.SET_MEM_TABLE, payload, list);
          }
        });
  }

  private static Outcome eventFd(Subject subject) {
    try (Guest guest = Guest.negotiated(subject);
        EventFd event = EventFd.create()) {
      return guest.link().ask(FrontEnd.SET_MEM_TABLE, Guest.memoryTable(), event.fd());
    }
  }

  private static Outcome pipe(Subject subject) {
    List<Fd> pipe = Libc.pipe();
    try (Guest guest = Guest.negotiated(subject)) {
      return guest.link().ask(FrontEnd.SET_MEM_TABLE, Guest.memoryTable(), pipe.getFirst());
    } finally {
      pipe.forEach(Fd::close);
    }
  }

  /// A refused table must leave the old one in use.
  private static Outcome badAfterGood(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      guest.exchange(16);
      byte[] bad = regions(1, List.of(new Region(BASE, Guest.BYTES + 4096, USER, 0)));
      Outcome outcome = guest.link().ask(FrontEnd.SET_MEM_TABLE, bad, guest.file().fd());
      if (outcome == REFUSED) {
        guest.exchange(16);
      }
      return outcome;
    }
  }

  private static Outcome sameAgain(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      for (int i = 0; i < 8; i++) {
        guest.exchange(16);
        guest.shareMemory();
      }
      guest.exchange(16);
      return BORNE;
    }
  }

  private static Outcome ringsGone(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      byte[] without = regions(1, List.of(new Region(BASE + HALF, HALF, USER + HALF, HALF)));
      Outcome outcome = guest.link().ask(FrontEnd.SET_MEM_TABLE, without, guest.file().fd());
      if (outcome != BORNE) {
        return outcome;
      }
      guest.ring(Guest.TX).desc(0, Guest.guestAddress(Guest.txBuffer(0)), guest.frame(0, 0), 0, 0);
      guest.ring(Guest.TX).offer(0);
      guest.ring(Guest.TX).publish();
      return guest.afterRing(Guest.TX, 1);
    }
  }

  /// @param bytes what is left of the file: nothing, or the rings without any buffer
  private static Outcome shrink(Subject subject, long bytes) {
    try (Guest guest = Guest.ready(subject)) {
      GuestRing tx = guest.ring(Guest.TX);
      int length = guest.frame(0, 0);
      tx.desc(0, Guest.guestAddress(Guest.txBuffer(0)), length, 0, 0);
      tx.offer(0);
      guest.file().resize(bytes);
      // From here on our own mapping is as dead as the back-end's.
      if (bytes > 0) {
        tx.publish();
      }
      guest.kick(Guest.TX);
      return guest.link().ends() ? ENDED : STOPPED;
    }
  }

  /// Half of the frames are offered before the file shrinks, half after: some are on their way.
  private static Outcome shrinkInUse(Subject subject) {
    try (Guest guest = Guest.ready(subject)) {
      GuestRing tx = guest.ring(Guest.TX);
      for (int i = 0; i < GuestRing.SIZE; i++) {
        tx.desc(i, Guest.guestAddress(Guest.txBuffer(i)), guest.frame(i, i), 0, 0);
        tx.offer(i);
        if (i == GuestRing.SIZE / 2) {
          tx.publish();
          guest.kick(Guest.TX);
        }
      }
      guest.file().resize(Guest.RX_BUFFERS);
      tx.publish();
      guest.kick(Guest.TX);
      return guest.link().ends() ? ENDED : STOPPED;
    }
  }
}
