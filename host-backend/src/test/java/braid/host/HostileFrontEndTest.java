package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.EventFd;
import braid.kernel.Fd;
import braid.kernel.MemFd;
import braid.kernel.UnixSocket;
import braid.port.Memory;
import braid.virtio.FrontendMessage;
import braid.virtio.FrontendMessage.*;
import braid.virtio.MemoryRegion;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One front-end does what it can to break the node; the other guest on the same worker does not
/// notice.
@Timeout(120)
class HostileFrontEndTest {
  private static final long ANY = -1L & ~(1L << 33);

  private final TestNode node = new TestNode();
  private final TestGuest guest = new TestGuest();
  private final TestGuest good = new TestGuest();
  private VhostNetPort port;
  private VhostUserServer server;
  private TestFrontEnd goodFrontEnd;

  @BeforeEach
  void twoGuests() {
    port = node.loop("hostile");
    server = node.serve(port, false);
    VhostNetPort other = node.loop("good");
    node.serve(other, false);
    goodFrontEnd = new TestFrontEnd(node.socket(other), good);
    goodFrontEnd.likeQemu(ANY);
    echo();
  }

  @AfterEach
  void theOtherGuestIsStillServedAndTheNextFrontEndIs() {
    echo();
    for (int i = 0; i < 3; i++) {
      guest.restart(i);
    }
    try (TestFrontEnd next = new TestFrontEnd(node.socket(port), guest)) {
      next.likeQemu(ANY);
    }
    assertThat(node.worker.failure()).isNull();
    goodFrontEnd.close();
    node.close();
    guest.close();
    good.close();
  }

  private void echo() {
    byte[] sent = new byte[777];
    new Random(5).nextBytes(sent);
    good.post(1, 2048);
    good.transmit(sent);
    goodFrontEnd.kicks[1].signal();
    List<TestGuest.Received> got = new ArrayList<>();
    SessionTest.until(
        "echo of the other guest",
        () -> {
          got.addAll(good.received());
          return !got.isEmpty();
        });
    assertThat(got.get(0).frame()).isEqualTo(sent);
    SessionTest.until("its completion", () -> good.transmitted() > 0);
  }

  /// A new session that does what `what` does must be hung up.
  private void endsTheSession(Consumer<TestFrontEnd> what) {
    long before = SessionTest.count(server, "protocol_errors");
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      what.accept(frontEnd);
      assertThat(frontEnd.gone()).isTrue();
    }
    SessionTest.until(
        "the error is counted", () -> SessionTest.count(server, "protocol_errors") == before + 1);
  }

  private static byte[] message(int id, int flags, int size, byte... payload) {
    return ByteBuffer.allocate(12 + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(id)
        .putInt(flags)
        .putInt(size)
        .put(payload)
        .array();
  }

  @Test
  void messagesThatAreNone() {
    endsTheSession(each -> each.raw(message(1, 2, 0), List.of()));
    endsTheSession(each -> each.raw(message(1, 1 | 4, 0), List.of()));
    endsTheSession(each -> each.raw(message(1, 1, -1), List.of()));
    endsTheSession(each -> each.raw(message(1, 1, 100_000), List.of()));
    endsTheSession(each -> each.raw(message(2, 1, 4, new byte[4]), List.of()));
    endsTheSession(each -> each.raw(message(99, 1, 0), List.of()));
    endsTheSession(
        each -> {
          each.raw(message(2, 1, 8, new byte[3]), List.of());
          each.socket.shutdown();
        });
    endsTheSession(
        each -> {
          List<Fd> many = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            many.add(guest.file.fd());
          }
          each.raw(message(1, 1, 0), many);
        });
  }

  @Test
  void queuesThatMakeNoSense() {
    endsTheSession(each -> each.send(new SetVringNum(0, 0)));
    endsTheSession(each -> each.send(new SetVringNum(0, 65536)));
    endsTheSession(each -> each.send(new SetVringNum(3, 256)));
    endsTheSession(each -> each.send(new SetVringNum(-1, 256)));
    endsTheSession(each -> each.send(new SetVringBase(1, 70_000)));
    endsTheSession(each -> each.send(new SetVringKick(0, true), guest.file.fd()));
    endsTheSession(each -> each.send(new SetVringCall(0, true), guest.file.fd()));
    endsTheSession(each -> each.send(new SetVringKick(0, true), each.channel.get(0).fd()));
    endsTheSession(each -> each.send(new SetVringKick(7, true), each.kicks[0].fd()));
    endsTheSession(each -> each.send(new SetFeatures(1L << 34)));
    endsTheSession(each -> each.send(new SetFeatures(1L << 32 | 1L << 11)));
    endsTheSession(each -> each.send(new SetProtocolFeatures(1L << 14)));
  }

  @Test
  void ringsOutsideMemoryOrUnaligned() {
    for (long at :
        new long[] {TestGuest.USER + TestGuest.BYTES - 100, 0, -16, TestGuest.USER + 8}) {
      endsTheSession(
          each -> {
            each.likeQemu(ANY);
            each.send(new GetVringBase(0));
            each.send(new SetVringAddr(0, 0, at, at, at, 0));
            each.raw(
                braid.virtio.VhostUserCodec.encode(new SetVringKick(0, true), false),
                List.of(each.kicks[0].fd()));
          });
      guest.restart(0);
      guest.restart(1);
    }
  }

  @Test
  void memoryTablesThatMakeNoSenseLeaveTheOldOne() {
    try (MemFd small = MemFd.createUnsealed("small", 4096);
        TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      MemoryRegion whole = frontEnd.region();
      long size = TestGuest.BYTES;
      Fd file = guest.file.fd();
      refused(frontEnd, new SetMemTable(List.of()));
      refused(frontEnd, new SetMemTable(List.of(whole, whole)), file, file);
      refused(frontEnd, new SetMemTable(List.of(new MemoryRegion(0, size, 0, 1))), file);
      refused(frontEnd, new SetMemTable(List.of(new MemoryRegion(-4096, size, 0, 0))), file);
      refused(frontEnd, new SetMemTable(List.of(new MemoryRegion(0, size, 0, 4096))), file);
      refused(frontEnd, new SetMemTable(List.of(whole)), small.fd());
      refused(frontEnd, new SetMemTable(List.of(whole)), frontEnd.kicks[0].fd());
      // A table without the rings that run.
      refused(frontEnd, new SetMemTable(List.of(new MemoryRegion(0, 4096, 0, 0))), small.fd());
      byte[] sent = new byte[100];
      guest.post(1, 2048);
      guest.transmit(sent);
      frontEnd.kicks[1].signal();
      SessionTest.until("the old table serves", () -> guest.transmitted() > 0);
      frontEnd.send(new SetMemTable(List.of(whole)), file);
      guest.post(1, 2048);
      guest.transmit(sent);
      frontEnd.kicks[1].signal();
      SessionTest.until("a good table serves", () -> guest.transmitted() > 0);
    }
  }

  private static void refused(TestFrontEnd frontEnd, FrontendMessage message, Fd... fds) {
    assertThat(((braid.virtio.VhostUserReply.U64) frontEnd.tell(message, fds)).value())
        .as(message.toString())
        .isEqualTo(1);
  }

  @Test
  void memoryThatShrinksEndsThatSessionOnly() {
    for (int i = 0; i < 3; i++) {
      guest.restart(0);
      guest.restart(1);
      try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
        frontEnd.likeQemu(ANY);
        guest.post(16, 2048);
        guest.transmit(new byte[100]);
        guest.file.resize(4096);
        for (int k = 0; k < 3; k++) {
          frontEnd.kicks[1].signal();
        }
        assertThat(frontEnd.gone()).isTrue();
      } finally {
        guest.file.resize(TestGuest.BYTES);
      }
      echo();
    }
    SessionTest.until("counted", () -> SessionTest.count(server, "memory_lost") >= 1);
  }

  @Test
  void aRingThatIsBrokenIsSaidAndTheSessionGoesOn() {
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      guest.post(8, 2048);
      Memory.putShort(guest.at(TestGuest.available(1) + 2), (short) 1000);
      frontEnd.kicks[1].signal();
      SessionTest.until("the error eventfd", () -> frontEnd.errors[1].drain() > 0);
      assertThat(node.worker.call(() -> port.link().up())).isFalse();
      frontEnd.send(new GetVringBase(1));
      guest.restart(1);
      frontEnd.ring(1, 0);
      SessionTest.until("up again", () -> node.worker.call(() -> port.link().up()));
    }
  }

  @Test
  void aCallThatNobodyDrainsDoesNotStopTheWorker() {
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest);
        EventFd full = EventFd.create()) {
      frontEnd.likeQemu(ANY);
      frontEnd.send(new SetVringCall(1, true), full.fd());
      fill(full);
      guest.post(100, 2048);
      for (int i = 0; i < 100; i++) {
        guest.transmit(new byte[60]);
        frontEnd.kicks[1].signal();
        SessionTest.until("used", () -> guest.transmitted() > 0);
      }
    }
  }

  @Test
  void aCallIntoASocketThatNobodyReadsDoesNotStopTheWorker() {
    List<UnixSocket> full = UnixSocket.pair();
    List<UnixSocket> gone = UnixSocket.pair();
    gone.get(1).close();
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      frontEnd.send(new SetVringCall(1, true), full.get(0).fd());
      frontEnd.send(new SetVringCall(0, true), gone.get(0).fd());
      guest.post(200, 2048);
      for (int i = 0; i < 1000; i++) {
        guest.transmit(new byte[60]);
        frontEnd.kicks[1].signal();
        SessionTest.until("used", () -> guest.transmitted() > 0);
        guest.post(guest.received().size(), 2048);
      }
    }
    full.forEach(UnixSocket::close);
    gone.get(0).close();
  }

  private static void fill(EventFd event) {
    java.lang.foreign.MemorySegment most =
        java.lang.foreign.Arena.ofAuto().allocateFrom(java.lang.foreign.ValueLayout.JAVA_LONG, -2L);
    try (var ring = new braid.kernel.IoUring(16)) {
      ring.start();
      boolean[] done = new boolean[1];
      ring.write(event.fd(), most.address(), 8, (result, flags) -> done[0] = true);
      while (!done[0]) {
        ring.await(1_000_000);
      }
    }
  }

  @Test
  void aFrontEndThatSendsRubbish() {
    long seed = Long.getLong("braid.seed", System.nanoTime());
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
        if (random.nextBoolean()) {
          frontEnd.likeQemu(ANY);
          guest.restart(0);
          guest.restart(1);
        }
        for (int k = 0; k < 5; k++) {
          byte[] payload = new byte[random.nextInt(5) * 8];
          random.nextBytes(payload);
          if (payload.length > 0 && random.nextBoolean()) {
            java.util.Arrays.fill(payload, 1, payload.length, (byte) 0);
          }
          List<Fd> fds = random.nextInt(3) == 0 ? List.of(guest.file.fd()) : List.of();
          frontEnd.raw(
              message(1 + random.nextInt(46), 1 | (random.nextInt(2) * 8), payload.length, payload),
              fds);
        }
      } catch (braid.kernel.LinuxException | TestFrontEnd.Gone _) {
        // It hung up while we were still talking.
      }
    }
    try (UnixSocket silent = UnixSocket.connect(node.socket(port))) {
      silent.shutdown();
    }
  }
}
