package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.IoUring;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.SimClock;
import braid.virtio.Feature;
import braid.virtio.Features;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The port on the one side, the driver half of the rings on the other, real memory between them.
class VhostNetPortTest {
  private static final long ALL = NetDevice.FEATURES & ~Feature.ACCESS_PLATFORM.mask();
  private static final long PLAIN = Features.of(Feature.VERSION_1);

  private final SimClock clock = new SimClock(0);
  private final IoUring ring = new IoUring(64);
  private final VhostNetPort port = new VhostNetPort("guest", clock, ring);
  private final TestGuest guest = new TestGuest();
  private final FramePool pool =
      new FramePool(Arena.ofAuto().allocate(FramePool.bytesFor(256, 70_000), 64), 70_000, 0);
  private final Frame[] batch = new Frame[64];

  @BeforeEach
  void ring() {
    ring.start();
  }

  @AfterEach
  void everythingIsBack() {
    port.detach();
    ring.close();
    guest.close();
    assertThat(pool.balanced()).isTrue();
  }

  private void connect(long features) throws Exception {
    port.attach(PortListener.NOBODY);
    Region region =
        Region.map(
            new Region.Place(TestGuest.GUEST, TestGuest.BYTES, TestGuest.USER, 0), guest.file.fd());
    port.memory(GuestMemory.of(List.of(region)));
    for (int i = 0; i < 2; i++) {
      port.start(i, new VhostNetPort.Setup(guest.place(i), features, 0, null, null));
      port.enable(i, true);
    }
  }

  private static byte[] frame(int bytes, long seed) {
    byte[] frame = new byte[bytes];
    new Random(seed).nextBytes(frame);
    return frame;
  }

  private Frame give(byte[] bytes) {
    Frame frame = pool.take();
    frame.write(bytes);
    batch[0] = frame;
    port.send(batch, 1);
    port.flush();
    return frame;
  }

  @Test
  void withoutASessionTheLinkIsDownAndFramesAreDropped() {
    assertThat(port.link().up()).isFalse();
    give(frame(60, 1));
    assertThat(port.receive(batch, 64)).isZero();
    assertThat(counter("tx_drop_link_down")).isEqualTo(1);
  }

  @Test
  void aFrameComesOutOfTheGuestWithItsHeadCopiedAndItsRestInPlace() throws Exception {
    connect(ALL);
    byte[] sent = frame(1514, 2);
    guest.transmit(new byte[12], sent, 12, 400);
    assertThat(port.receive(batch, 64)).isEqualTo(1);
    assertThat(batch[0].toBytes()).isEqualTo(sent);
    assertThat(batch[0].headLength()).isEqualTo(128);
    assertThat(batch[0].pieces()).isEqualTo(2);
    port.flush();
    assertThat(guest.transmitted()).isZero();
    batch[0].release();
    port.flush();
    assertThat(guest.transmitted()).isEqualTo(1);
  }

  @Test
  void framesGoIntoOneBufferAndIntoMany() throws Exception {
    connect(ALL);
    guest.post(200, 1536);
    for (int bytes : new int[] {14, 60, 1514, 1524, 1525, 4000, 65_000}) {
      byte[] sent = frame(bytes, bytes);
      give(sent);
      List<TestGuest.Received> got = guest.received();
      assertThat(got).hasSize(1);
      assertThat(got.get(0).frame()).isEqualTo(sent);
      assertThat(got.get(0).buffers()).isEqualTo((12 + bytes + 1535) / 1536);
    }
  }

  @Test
  void aFrameWaitsForTheBuffersItNeeds() throws Exception {
    connect(ALL);
    guest.post(3, 1536);
    byte[] sent = frame(9000, 3);
    give(sent);
    assertThat(port.room()).isZero();
    assertThat(guest.received()).isEmpty();
    guest.post(3, 1536);
    assertThat(port.room()).isZero();
    port.flush();
    List<TestGuest.Received> got = guest.received();
    assertThat(got).hasSize(1);
    assertThat(got.get(0).frame()).isEqualTo(sent);
  }

  @Test
  void aFrameThatWaitsTooLongIsDropped() throws Exception {
    connect(ALL);
    guest.post(1, 1536);
    give(frame(9000, 3));
    clock.advance(IntoGuest.HELD_NANOS);
    assertThat(port.room()).isEqualTo(1);
    assertThat(counter("tx_drop_no_buffer")).isEqualTo(1);
  }

  @Test
  void withoutMergeableBuffersAFrameTakesOneBufferOrNone() throws Exception {
    connect(PLAIN);
    guest.post(2, 1536);
    give(frame(1600, 4));
    give(frame(1500, 5));
    List<TestGuest.Received> got = guest.received();
    assertThat(got).hasSize(1);
    assertThat(got.get(0).frame()).isEqualTo(frame(1500, 5));
    assertThat(counter("tx_drop_buffer_too_small")).isEqualTo(1);
  }

  @Test
  void aDisabledQueueIsProcessedWithoutEffect() throws Exception {
    connect(ALL);
    port.enable(1, false);
    guest.transmit(frame(60, 6));
    assertThat(port.receive(batch, 64)).isZero();
    port.flush();
    assertThat(guest.transmitted()).isEqualTo(1);
    assertThat(counter("rx_drop_queue_disabled")).isEqualTo(1);
  }

  @Test
  void framesThatAreOutWhenTheSessionEndsComeBackToNobody() throws Exception {
    connect(ALL);
    guest.transmit(frame(600, 7));
    assertThat(port.receive(batch, 64)).isEqualTo(1);
    port.detach();
    assertThat(port.snapshots()).hasSize(2);
    assertThat(batch[0].toBytes()).isEqualTo(frame(600, 7));
    batch[0].release();
    port.flush();
    assertThat(guest.transmitted()).isZero();
    port.memory(GuestMemory.empty());
    assertThat(port.snapshots()).hasSize(1);
  }

  @Test
  void aRingThatIsStoppedGoesOnWhereItStopped() throws Exception {
    connect(ALL);
    guest.transmit(frame(60, 8));
    guest.transmit(frame(60, 9));
    assertThat(port.receive(batch, 1)).isEqualTo(1);
    batch[0].release();
    int base = port.stop(1);
    assertThat(base).isEqualTo(1);
    assertThat(guest.transmitted()).isEqualTo(1);
    port.start(1, new VhostNetPort.Setup(guest.place(1), ALL, base, null, null));
    assertThat(port.receive(batch, 64)).isEqualTo(1);
    assertThat(batch[0].toBytes()).isEqualTo(frame(60, 9));
    batch[0].release();
  }

  private long counter(String name) {
    return port.counters().all().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow()
        .get();
  }
}
