package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.virtio.BackendMessage;
import braid.virtio.FrontendMessage.*;
import braid.virtio.IotlbEntry;
import braid.virtio.VhostUserReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest behind an IOMMU: addresses are I/O virtual, and nothing is lost for a miss.
@Timeout(60)
class TranslatedSessionTest {
  private static final long IOVA = 0xabc0_0000L;

  private final TestNode node = new TestNode();
  private final TestGuest guest = new TestGuest();

  @AfterEach
  void close() {
    node.close();
    guest.close();
  }

  private static void start(TestFrontEnd frontEnd) {
    frontEnd.number(new GetFeatures());
    frontEnd.send(new SetProtocolFeatures(1 << 3 | 1 << 5));
    frontEnd.needReply();
    frontEnd.send(new SetBackendReqFd(), frontEnd.channel.get(1).fd());
    long offered = frontEnd.number(new GetFeatures());
    assertThat(offered & 1L << 33).isNotZero();
    frontEnd.send(new SetFeatures(offered));
    frontEnd.send(new SetMemTable(List.of(frontEnd.region())), frontEnd.guest.file.fd());
    frontEnd.guest.addressBase(IOVA);
    for (int i = 0; i < 2; i++) {
      frontEnd.send(new SetVringEnable(i, true));
      frontEnd.send(new SetVringNum(i, TestGuest.SIZE));
      frontEnd.send(new SetVringBase(i, 0));
      frontEnd.address(i, IOVA);
      frontEnd.send(new SetVringKick(i, true), frontEnd.kicks[i].fd());
      frontEnd.send(new SetVringCall(i, true), frontEnd.calls[i].fd());
    }
  }

  private static void map(TestFrontEnd frontEnd, long offset, long bytes, int permissions) {
    frontEnd.send(
        new IotlbMsg(
            new IotlbEntry(
                IOVA + offset,
                bytes,
                TestGuest.USER + offset,
                permissions,
                IotlbEntry.Type.UPDATE)));
  }

  private static IotlbEntry miss(TestFrontEnd frontEnd) {
    BackendMessage message = frontEnd.fromBackEnd();
    assertThat(message).isInstanceOf(BackendMessage.Iotlb.class);
    IotlbEntry entry = ((BackendMessage.Iotlb) message).entry();
    assertThat(entry.type()).isEqualTo(IotlbEntry.Type.MISS);
    return entry;
  }

  @Test
  void missesAreAskedForAndHoldTheirChains() {
    VhostNetPort port = node.loop("iommu");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      start(frontEnd);
      // The rings' own addresses are missing first.
      assertThat(miss(frontEnd).iova()).isEqualTo(IOVA + TestGuest.descriptor(0));
      assertThat(node.worker.call(() -> port.link().up())).isFalse();
      map(frontEnd, 0, 0x1_0000, 3);
      SessionTest.until("started", () -> node.worker.call(() -> port.link().up()));

      byte[] sent = new byte[9000];
      new Random(1).nextBytes(sent);
      guest.post(8, 2048);
      guest.transmit(new byte[12], sent, 12, 4096);
      frontEnd.kicks[1].signal();
      List<TestGuest.Received> got = new ArrayList<>();
      int asked = 0;
      // Answer each miss with one page and with no more than was asked for.
      while (got.isEmpty() && asked < 40) {
        IotlbEntry miss = miss(frontEnd);
        if (miss.iova() < IOVA + 0x1_0000) {
          continue;
        }
        asked++;
        map(frontEnd, (miss.iova() - IOVA) & -4096, 4096, miss.permissions());
        long pages = asked;
        if (pages >= 8) {
          java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        }
        got.addAll(guest.received());
      }
      assertThat(got.get(0).frame()).isEqualTo(sent);
      SessionTest.until("used", () -> guest.transmitted() > 0);
      assertThat(asked).isBetween(5, 12);
    }
  }

  @Test
  void afterAnInvalidationTheDeviceAsksAgain() {
    VhostNetPort port = node.loop("iommu");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      start(frontEnd);
      map(frontEnd, 0, TestGuest.BYTES, 3);
      guest.post(2, 2048);
      guest.transmit(new byte[60]);
      frontEnd.kicks[1].signal();
      SessionTest.until("used", () -> guest.transmitted() > 0);
      miss(frontEnd);
      VhostUserReply reply =
          frontEnd.send(
              new IotlbMsg(
                  new IotlbEntry(IOVA, TestGuest.BYTES, 0, 0, IotlbEntry.Type.INVALIDATE)));
      assertThat(((VhostUserReply.U64) reply).value()).isZero();
      // The whole range had the rings too.
      assertThat(node.worker.call(() -> port.link().up())).isFalse();
      map(frontEnd, 0, TestGuest.BYTES, 3);
      guest.transmit(new byte[60]);
      frontEnd.kicks[1].signal();
      SessionTest.until("used again", () -> guest.transmitted() > 0);
    }
  }
}
