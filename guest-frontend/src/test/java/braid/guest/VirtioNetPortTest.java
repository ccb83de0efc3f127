package braid.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Memory;
import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.Features;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtioNetPortTest {
  private static final long OFFERED = Negotiation.DRIVER_FEATURES;

  private final DmaMemory memory = DmaMemory.shared(8 << 20);
  private final FramePool pool = new FramePool(memory.take(1 << 20, 64), 4096, 8);
  private final Arena elsewhere = Arena.ofConfined();
  private final FramePool foreign = new FramePool(elsewhere.allocate(1 << 20, 64), 66_000, 8);
  private final Frame[] batch = new Frame[64];
  private final InProcessDevice device = new InProcessDevice(memory, OFFERED);
  private long now;
  private VirtioNetPort port = port(new VirtioNetPort.Options(64, 32, 0));

  private VirtioNetPort port(VirtioNetPort.Options options) {
    return new VirtioNetPort("p", device, memory, () -> now, options);
  }

  @AfterEach
  void everythingComesBack() {
    port.close();
    assertThat(pool.balanced()).isTrue();
    assertThat(foreign.balanced()).isTrue();
    assertThat(port.heldBuffers()).isZero();
    elsewhere.close();
    memory.close();
  }

  private static byte[] bytes(int seed, int length) {
    byte[] out = new byte[length];
    new Random(seed).nextBytes(out);
    return out;
  }

  private void send(FramePool from, byte[] content) {
    Frame frame = from.take();
    frame.write(content);
    batch[0] = frame;
    port.send(batch, 1);
    port.flush();
  }

  private byte[] transmitted() {
    byte[] all = device.transmitted();
    return all == null ? null : Arrays.copyOfRange(all, Frame.HEADER_BYTES, all.length);
  }

  private List<byte[]> received() {
    List<byte[]> out = new ArrayList<>();
    int count = port.receive(batch, batch.length);
    for (int i = 0; i < count; i++) {
      out.add(batch[i].toBytes());
      batch[i].release();
    }
    port.flush();
    return out;
  }

  private List<byte[]> recalled() {
    List<byte[]> out = new ArrayList<>();
    int count = port.recall(batch, batch.length);
    for (int i = 0; i < count; i++) {
      out.add(batch[i].toBytes());
      batch[i].release();
    }
    return out;
  }

  private long count(String counter) {
    return port.counters().all().stream()
        .filter(c -> c.name().equals(counter))
        .mapToLong(Counter::get)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void bothQueuesAreReadyBeforeDriverOk() {
    port.open();
    assertThat(device.calls)
        .containsExactly(
            "reset",
            "status 1",
            "status 3",
            "features",
            "status 11",
            "queue 0",
            "queue 1",
            "status 15");
    assertThat(device.taken).isEqualTo(OFFERED);
    assertThat(port.link().up()).isTrue();
  }

  @Test
  void aLegacyDeviceIsRefusedAndMarkedFailed() {
    device.offered = OFFERED & ~Feature.VERSION_1.mask();
    assertThatThrownBy(port::open)
        .isInstanceOf(TransportException.class)
        .hasMessageContaining("VERSION_1")
        .hasMessageContaining("disable-legacy=on");
    assertThat(device.status & DeviceStatus.FAILED_BIT).isNotZero();
  }

  @Test
  void aPortThatDidNotOpenStillClosesItsTransport() {
    port.close();
    assertThat(device.calls).containsExactly("close");
  }

  @Test
  void aConfigurationThatCannotBeReadDoesNotEndTheWorker() {
    port.open();
    device.configFails = true;
    port.changed();
    assertThat(port.link().up()).isFalse();
    device.configFails = false;
    now = port.deadline();
    port.receive(batch, 0);
    assertThat(port.link().up()).isTrue();
  }

  @Test
  void withoutMergingNoBitIsTakenThatNeedsIt() {
    long left = Negotiation.chosen(OFFERED & ~Feature.MRG_RXBUF.mask());
    assertThat(left & Features.of(Feature.GUEST_TSO4, Feature.GUEST_ECN, Feature.MTU)).isZero();
    assertThat(Feature.GUEST_CSUM.in(left)).isTrue();
  }

  @Test
  void aFrameInDmaMemoryGoesInPlace() {
    port.open();
    Frame frame = pool.take();
    byte[] content = bytes(1, 600);
    frame.write(content);
    long base = frame.base();
    batch[0] = frame;
    port.send(batch, 1);
    port.flush();
    assertThat(transmitted()).isEqualTo(content);
    assertThat(device.firstAddress()).isEqualTo(base);
    assertThat(count("tx_bounced")).isZero();
    port.receive(batch, 0);
    assertThat(pool.balanced()).isTrue();
  }

  @Test
  void aFrameElsewhereIsCopiedAlsoWhenItHas64KiB() {
    port.open();
    for (int length : new int[] {60, 4084, 4085, 8180, 65_550}) {
      byte[] content = bytes(length, length);
      send(foreign, content);
      assertThat(transmitted()).isEqualTo(content);
      port.receive(batch, 0);
    }
    assertThat(count("tx_bounced")).isEqualTo(5);
  }

  @Test
  void piecesGoInPlaceWithOneDescriptorOfTheRing() {
    port.open();
    Frame first = pool.take();
    Frame second = pool.take();
    byte[] content = bytes(2, 300);
    first.write(Arrays.copyOf(content, 100));
    Memory.write(content, 100, second.head(), 200);
    first.addPiece(second.head(), 200);
    batch[0] = first;
    int room = port.room();
    port.send(batch, 1);
    assertThat(port.room()).isEqualTo(room - 1);
    port.flush();
    assertThat(transmitted()).isEqualTo(content);
    second.release();
    port.receive(batch, 0);
  }

  @Test
  void theDriverSetsNumBuffersToZeroAndNoFlagButNeedsCsum() {
    port.open();
    Frame frame = pool.take();
    frame.write(bytes(3, 100));
    Memory.putByte(frame.base(), (byte) 2);
    batch[0] = frame;
    port.send(batch, 1);
    port.flush();
    byte[] all = device.transmitted();
    assertThat(Arrays.copyOf(all, Frame.HEADER_BYTES)).containsOnly(0);
  }

  @Test
  void whatTheDeviceCannotFinishIsDroppedAndCounted() {
    device.offered = OFFERED & ~Feature.CSUM.mask();
    port.open();
    assertThat(port.offloads()).isEqualTo(new Offloads(false, false, false, false));
    Frame frame = pool.take();
    frame.write(bytes(3, 100));
    Memory.putByte(frame.base(), (byte) 1);
    batch[0] = frame;
    port.send(batch, 1);
    assertThat(count("tx_drop_header")).isEqualTo(1);
    assertThat(pool.balanced()).isTrue();
  }

  @Test
  void sendingMoreThanRoomDropsAndCounts() {
    port.open();
    int room = port.room();
    assertThat(room).isEqualTo(32);
    for (int i = 0; i < room + 3; i++) {
      send(pool, bytes(i, 64));
    }
    assertThat(count("tx_drop_full")).isEqualTo(3);
    assertThat(port.room()).isZero();
    for (int i = 0; i < room; i++) {
      assertThat(transmitted()).isEqualTo(bytes(i, 64));
    }
    port.receive(batch, 0);
    assertThat(port.room()).isEqualTo(room);
  }

  @Test
  void aReceivedFrameIsNotCopiedAndItsBufferGoesRound() {
    port.open();
    for (int i = 0; i < 1000; i++) {
      byte[] content = bytes(i, 60 + i);
      device.give(content);
      assertThat(received()).containsExactly(content);
    }
  }

  @Test
  void mergedBuffersBecomeOneFrameWithPieces() {
    port.open();
    byte[] content = bytes(4, 65_550);
    assertThat(device.give(content)).isEqualTo(17);
    int count = port.receive(batch, 64);
    assertThat(count).isEqualTo(1);
    assertThat(batch[0].pieces()).isEqualTo(16);
    assertThat(batch[0].toBytes()).isEqualTo(content);
    assertThat(port.heldBuffers()).isEqualTo(17);
    batch[0].release();
    port.flush();
    for (int i = 0; i < 10; i++) {
      device.give(content);
      assertThat(received()).containsExactly(content);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 18, 65_535})
  void aNumBuffersThatDoesNotFitStopsTheDeviceUntilTheNextAttempt(int numBuffers) {
    port.open();
    device.give(new byte[Frame.HEADER_BYTES + 100], numBuffers, 1);
    assertThat(received()).isEmpty();
    assertThat(count("rx_drop_merge")).isEqualTo(1);
    assertThat(count("device_faults")).isEqualTo(1);
    assertThat(port.link().up()).isFalse();
    assertThat(port.deadline()).isEqualTo(1_000_000_000L);
    now = port.deadline();
    assertThat(received()).isEmpty();
    assertThat(port.link().up()).isTrue();
    device.give(bytes(5, 99));
    assertThat(received()).containsExactly(bytes(5, 99));
  }

  @Test
  void framesBeforeABrokenOneStillArrive() {
    port.open();
    device.give(bytes(6, 80));
    device.give(new byte[200], 9, 1);
    assertThat(received()).containsExactly(bytes(6, 80));
    assertThat(port.link().up()).isFalse();
  }

  @Test
  void aUsedIdThatIsNotOutstandingStopsTheDevice() {
    port.open();
    var used = device.rings[0].used();
    used.set(java.lang.foreign.ValueLayout.JAVA_INT, 4, 4711);
    used.set(java.lang.foreign.ValueLayout.JAVA_INT, 8, 100);
    used.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 2, (short) 1);
    assertThat(received()).isEmpty();
    assertThat(count("device_faults")).isEqualTo(1);
    assertThat(port.link().up()).isFalse();
  }

  @Test
  void aFrameShorterThanItsHeadersIsDropped() {
    port.open();
    device.give(new byte[20], 1, 1);
    device.give(bytes(7, 60));
    assertThat(received()).containsExactly(bytes(7, 60));
    assertThat(count("rx_drop_short")).isEqualTo(1);
  }

  @Test
  void aHeaderThatAsksForSomethingNotNegotiatedIsDropped() {
    device.offered = OFFERED & ~Feature.GUEST_CSUM.mask();
    port.open();
    byte[] all = new byte[100];
    all[0] = 1;
    device.give(all, 1, 1);
    assertThat(received()).isEmpty();
    assertThat(count("rx_drop_header")).isEqualTo(1);
    assertThat(port.link().up()).isTrue();
  }

  @Test
  void linkDownResetsTheDeviceAndOriginalsCanBeRecalledInOrder() {
    port.open();
    for (int i = 0; i < 5; i++) {
      send(pool, bytes(i, 100));
    }
    assertThat(transmitted()).isEqualTo(bytes(0, 100));
    device.link = false;
    port.changed();
    assertThat(port.link().up()).isFalse();
    assertThat(port.room()).isZero();
    assertThat(device.status).isEqualTo(15);
    assertThat(recalled())
        .containsExactly(bytes(1, 100), bytes(2, 100), bytes(3, 100), bytes(4, 100));
    assertThat(pool.balanced()).isTrue();
    send(pool, bytes(9, 100));
    assertThat(count("tx_drop_link_down")).isEqualTo(1);
    device.link = true;
    port.changed();
    assertThat(port.link().up()).isTrue();
    send(pool, bytes(10, 100));
    assertThat(transmitted()).isEqualTo(bytes(10, 100));
    device.give(bytes(11, 100));
    assertThat(received()).containsExactly(bytes(11, 100));
  }

  @Test
  void framesHeldDuringAResetComeBackToTheNewRing() {
    port.open();
    device.give(bytes(1, 5000));
    assertThat(port.receive(batch, 1)).isEqualTo(1);
    Frame held = batch[0];
    device.link = false;
    port.changed();
    device.link = true;
    port.changed();
    assertThat(held.toBytes()).isEqualTo(bytes(1, 5000));
    assertThat(port.heldBuffers()).isEqualTo(2);
    held.release();
    port.flush();
    for (int i = 0; i < 200; i++) {
      device.give(bytes(i, 5000));
      assertThat(received()).containsExactly(bytes(i, 5000));
    }
  }

  @Test
  void orphansThatNobodyRecalledAreDroppedWhenTheLinkIsBack() {
    port.open();
    send(pool, bytes(1, 100));
    device.link = false;
    port.changed();
    device.link = true;
    port.changed();
    assertThat(count("tx_drop_orphaned")).isEqualTo(1);
    assertThat(pool.balanced()).isTrue();
    assertThat(transmitted()).isNull();
  }

  @Test
  void aDeviceThatAsksForAResetGetsItsFramesAgain() {
    port.open();
    send(pool, bytes(1, 100));
    send(pool, bytes(2, 100));
    device.status |= DeviceStatus.NEEDS_RESET;
    port.changed();
    assertThat(port.link().up()).isTrue();
    assertThat(transmitted()).isEqualTo(bytes(1, 100));
    assertThat(transmitted()).isEqualTo(bytes(2, 100));
    port.receive(batch, 0);
  }

  @Test
  void aSilentDeviceGivesViewsAndKeepsTheOriginals() {
    port.open();
    for (int i = 0; i < 3; i++) {
      send(pool, bytes(i, 1000));
    }
    assertThat(recalled()).containsExactly(bytes(0, 1000), bytes(1, 1000), bytes(2, 1000));
    assertThat(recalled()).isEmpty();
    assertThat(pool.balanced()).isFalse();
    // It wakes up and transmits what it had.
    for (int i = 0; i < 3; i++) {
      assertThat(transmitted()).isEqualTo(bytes(i, 1000));
    }
    port.receive(batch, 0);
    assertThat(pool.balanced()).isTrue();
    assertThat(port.room()).isEqualTo(32);
  }

  @Test
  void aViewOutlivesTheDevicesOwnCompletion() {
    port.open();
    send(pool, bytes(1, 1000));
    assertThat(port.recall(batch, 1)).isEqualTo(1);
    Frame view = batch[0];
    assertThat(transmitted()).isEqualTo(bytes(1, 1000));
    port.receive(batch, 0);
    assertThat(pool.balanced()).isFalse();
    assertThat(view.toBytes()).isEqualTo(bytes(1, 1000));
    view.release();
    assertThat(pool.balanced()).isTrue();
  }

  @Test
  void aViewOutlivesAReset() {
    port.open();
    send(pool, bytes(1, 1000));
    send(pool, bytes(2, 1000));
    assertThat(port.recall(batch, 1)).isEqualTo(1);
    Frame view = batch[0];
    device.link = false;
    port.changed();
    assertThat(view.toBytes()).isEqualTo(bytes(1, 1000));
    assertThat(recalled()).containsExactly(bytes(2, 1000));
    view.release();
    assertThat(pool.balanced()).isTrue();
  }

  @Test
  void aDeviceThatIsGoneGivesEverythingBack() {
    port.open();
    send(pool, bytes(1, 100));
    device.status = VirtioTransport.GONE;
    port.changed();
    assertThat(port.link().up()).isFalse();
    assertThat(recalled()).containsExactly(bytes(1, 100));
  }

  @Test
  void aResetThatFailsKeepsTheBuffersAndIsTriedAgain() {
    port.open();
    send(pool, bytes(1, 100));
    device.resetWorks = false;
    device.link = false;
    port.changed();
    assertThat(port.link().up()).isFalse();
    assertThat(port.deadline()).isEqualTo(1_000_000_000L);
    now = port.deadline();
    port.receive(batch, 1);
    assertThat(port.deadline()).isEqualTo(2_000_000_000L);
    device.resetWorks = true;
    device.link = true;
    now = port.deadline();
    port.receive(batch, 1);
    assertThat(port.link().up()).isTrue();
    assertThat(transmitted()).isEqualTo(bytes(1, 100));
    port.receive(batch, 0);
  }

  @Test
  void withoutEventIndexTheDriverTurnsInterruptsOffWhileItIsAwake() {
    device.offered = OFFERED & ~Feature.EVENT_IDX.mask();
    port.open();
    port.receive(batch, 0);
    assertThat(flags(0)).isEqualTo(1);
    assertThat(port.arm()).isFalse();
    assertThat(flags(0)).isZero();
    device.give(bytes(1, 100));
    assertThat(port.arm()).isTrue();
    assertThat(received()).hasSize(1);
    assertThat(flags(0)).isEqualTo(1);
  }

  private int flags(int queue) {
    return device.rings[queue].avail().get(java.lang.foreign.ValueLayout.JAVA_SHORT, 0);
  }

  @Test
  void aBatchRingsAtMostOneDoorbell() {
    port.open();
    int before = device.kicks;
    for (int i = 0; i < 20; i++) {
      Frame frame = pool.take();
      frame.write(bytes(i, 64));
      batch[i] = frame;
    }
    port.send(batch, 20);
    port.flush();
    port.flush();
    assertThat(device.kicks - before).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void randomTrafficWithRestartsLosesNoBuffer(long seed) {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    port.open();
    ArrayDeque<byte[]> sent = new ArrayDeque<>();
    List<Frame> held = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          FramePool from = random.nextBoolean() ? pool : foreign;
          if (port.room() > 0 && from.available() > 0) {
            byte[] content = bytes(step, 14 + random.nextInt(1500));
            send(from, content);
            sent.add(content);
          }
        }
        case 3 -> {
          if (!sent.isEmpty()) {
            assertThat(transmitted()).isEqualTo(sent.poll());
          }
        }
        case 4 -> {
          if (held.size() < 10) {
            byte[] content = bytes(step, 14 + random.nextInt(9000));
            device.give(content);
            assertThat(port.receive(batch, 1)).isEqualTo(1);
            assertThat(batch[0].toBytes()).isEqualTo(content);
            held.add(batch[0]);
          }
        }
        case 5 -> {
          if (!held.isEmpty()) {
            held.remove(random.nextInt(held.size())).release();
          }
          port.flush();
        }
        case 6 -> port.receive(batch, 0);
        default -> {
          if (random.nextInt(50) == 0) {
            device.link = false;
            port.changed();
            List<byte[]> back = recalled();
            assertThat(back).hasSameSizeAs(sent);
            for (byte[] content : back) {
              assertThat(content).isEqualTo(sent.poll());
            }
            device.link = true;
            port.changed();
          }
        }
      }
    }
    held.forEach(Frame::release);
  }
}
