package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the device half promises beyond moving chains: misses, taking back, positions,
/// notifications.
class DeviceQueueTest {
  private static final int SIZE = 8;
  private static final long RING = GuestMemory.BASE;
  private static final long DATA = GuestMemory.BASE + 0x4000;
  private static final long USED = RING + SplitRing.usedOffset(SIZE);
  private static final long AVAIL = RING + SplitRing.availOffset(SIZE);

  private final Chain chain = new Chain(SIZE);
  private GuestMemory guest;
  private SplitRing ring;
  private DriverQueue driver;
  private DeviceQueue device;

  @BeforeEach
  void open() {
    open(true);
  }

  private void open(boolean eventIdx) {
    guest = new GuestMemory(Arena.ofAuto(), 0x10000);
    ring = SplitRing.of(SIZE, guest.memory.asSlice(0, SplitRing.bytes(SIZE)));
    driver = new DriverQueue(ring, eventIdx, null);
    device = new DeviceQueue(ring, eventIdx, true, guest, 0);
  }

  private void offer(int count) {
    for (int i = 0; i < count; i++) {
      assertThat(driver.addWritable(DATA + 256L * i, 256, i)).isNotNegative();
    }
    driver.publish();
  }

  private int take() {
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    return chain.head();
  }

  private int used() {
    device.publish();
    return guest.u16(USED + 2);
  }

  @Test
  void aChainThatMissesStaysUntilItsTranslationCame() {
    offer(2);
    guest.missFrom = DATA + 300;
    guest.missTo = DATA + 400;
    take();
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.MISS);
    assertThat(device.missAddress()).isEqualTo(DATA + 300);
    assertThat(device.missWrite()).isTrue();
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.MISS);
    assertThat(device.outstanding()).isEqualTo(1);
    assertThat(device.available()).isEqualTo(1);
    assertThat(device.arm()).as("it waits for the translation, not for a kick").isFalse();
    assertThat(device.fault()).isEqualTo(RingFault.NONE);
    guest.missTo = 0;
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.writableBytes()).isEqualTo(256);
    assertThat(device.arm()).isFalse();
  }

  @Test
  void aMissOfAnIndirectTableIsForReading() {
    guest.descriptor(RING, 0, DATA, 32, SplitRing.DESC_INDIRECT, 0);
    guest.u16(AVAIL + 2, 1);
    guest.missFrom = DATA;
    guest.missTo = DATA + 16;
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.MISS);
    assertThat(device.missAddress()).isEqualTo(DATA);
    assertThat(device.missWrite()).isFalse();
  }

  @Test
  void chainsTakenBackComeAgainInTheSameOrder() {
    offer(5);
    int first = take();
    int second = take();
    int third = take();
    device.untake(2);
    assertThat(device.outstanding()).isEqualTo(1);
    assertThat(device.available()).isEqualTo(4);
    assertThat(take()).isEqualTo(second);
    assertThat(take()).isEqualTo(third);
    device.untake(3);
    assertThat(device.outstanding()).isZero();
    assertThat(device.base()).isZero();
    assertThat(take()).isEqualTo(first);
  }

  @Test
  void aChainAheadIsLookedAtOnlyWhereTheDeviceMayWrite() {
    offer(3);
    take();
    assertThat(device.writableAhead(0, 256)).isEqualTo(guest.nativeOf(DATA + 256));
    assertThat(device.writableAhead(1, 1)).isEqualTo(guest.nativeOf(DATA + 512));
    assertThat(device.writableAhead(1, 257)).as("too short").isZero();
    guest.descriptor(RING, 1, DATA + 256, 256, 0, 0);
    assertThat(device.writableAhead(0, 1)).as("for reading").isZero();
    guest.descriptor(RING, 1, DATA, 32, SplitRing.DESC_INDIRECT | SplitRing.DESC_WRITE, 0);
    assertThat(device.writableAhead(0, 1)).as("a table").isZero();
    guest.descriptor(RING, 1, 0x7fff_ffff_ff00L, 256, SplitRing.DESC_WRITE, 0);
    assertThat(device.writableAhead(0, 1)).as("outside of memory").isZero();
    guest.descriptor(RING, 1, DATA + 256, 256, SplitRing.DESC_WRITE, 0);
    guest.border = 128;
    assertThat(device.writableAhead(0, 256)).as("in two pieces").isZero();
    guest.u16(AVAIL + 4 + 2, SIZE);
    assertThat(device.writableAhead(0, 1)).as("no such head").isZero();
    guest.u16(AVAIL + 4 + 2, 0);
    assertThat(device.writableAhead(0, 1)).as("a head that is out").isZero();
    assertThat(device.fault()).as("looking breaks nothing").isEqualTo(RingFault.NONE);
  }

  @Test
  void chainsTakenBackAfterTheRingBrokeAreGone() {
    offer(2);
    take();
    guest.u16(AVAIL + 2, 100);
    take();
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.BROKEN);
    device.untake(1);
    assertThat(device.next(chain)).isEqualTo(DeviceQueue.BROKEN);
    assertThat(device.available()).isZero();
    assertThat(device.outstanding()).isEqualTo(1);
  }

  @Test
  void heldChainsReachTheUsedRingInTheOrderOfOffering() {
    offer(4);
    int a = take();
    int b = take();
    int c = take();
    int d = take();
    device.complete(c, 3);
    device.complete(b, 2);
    assertThat(used()).isZero();
    assertThat(device.base()).isZero();
    device.complete(a, 1);
    assertThat(used()).isEqualTo(3);
    assertThat(device.base()).isEqualTo(3);
    assertThat(device.outstanding()).isEqualTo(1);
    device.complete(d, 4);
    assertThat(used()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
      assertThat(driver.usedToken()).isEqualTo(i);
      assertThat(driver.usedWritten()).isEqualTo(i + 1);
    }
  }

  @Test
  void anotherDeviceGoesOnAtTheBaseAndLosesNothing() {
    offer(5);
    device.complete(take(), 0);
    int held = take();
    take();
    assertThat(used()).isEqualTo(1);
    // It dies here, with two chains taken and not given back.
    DeviceQueue next = new DeviceQueue(ring, true, true, guest, device.base());
    assertThat(next.next(chain)).isEqualTo(DeviceQueue.TAKEN);
    assertThat(chain.head()).isEqualTo(held);
    next.complete(held, 0);
    for (int i = 0; i < 3; i++) {
      assertThat(next.next(chain)).isEqualTo(DeviceQueue.TAKEN);
      next.complete(chain.head(), 0);
    }
    next.publish();
    assertThat(next.callNeeded()).as("nobody knows what the first one told").isTrue();
    for (int i = 0; i < 5; i++) {
      assertThat(driver.poll()).isEqualTo(DriverQueue.TAKEN);
      assertThat(driver.usedToken()).isEqualTo(i);
    }
    assertThat(driver.poll()).isEqualTo(DriverQueue.EMPTY);
  }

  @Test
  void aRingWhoseBackEndDiedGoesOnAtTheUsedIndexWhenTheFrontEndCannotSayWhere() {
    offer(5);
    device.complete(take(), 0);
    device.complete(take(), 0);
    int held = take();
    assertThat(used()).isEqualTo(2);
    assertThat(DeviceQueue.resumeAt(ring, 0)).isEqualTo(2);
    assertThat(DeviceQueue.resumeAt(ring, 3)).as("what was said is believed").isEqualTo(3);
    device = new DeviceQueue(ring, true, true, guest, DeviceQueue.resumeAt(ring, 0));
    assertThat(take()).isEqualTo(held);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 0x7fff, 0xfffd, 0xffff})
  void aRingMayStartAtAnyPosition(int base) {
    guest.u16(AVAIL + 2, base);
    guest.u16(USED + 2, base);
    device = new DeviceQueue(ring, true, true, guest, base);
    for (int i = 0; i < 20; i++) {
      int position = (base + i) & 0xffff;
      guest.descriptor(RING, 0, DATA, 64, 0, 0);
      guest.u16(AVAIL + 4 + 2L * (position % SIZE), 0);
      guest.u16(AVAIL + 2, position + 1);
      assertThat(device.available()).isEqualTo(1);
      device.complete(take(), 0);
      assertThat(used()).isEqualTo((position + 1) & 0xffff);
      assertThat(device.base()).isEqualTo((position + 1) & 0xffff);
    }
  }

  @Test
  void nothingPublishedNeedsNoCall() {
    assertThat(device.callNeeded()).isFalse();
    offer(1);
    device.complete(take(), 0);
    assertThat(device.callNeeded()).as("not published yet").isFalse();
    device.publish();
    assertThat(device.callNeeded()).isTrue();
    assertThat(device.callNeeded()).as("asked once").isFalse();
  }

  @Test
  void withEventIndexTheDriverIsCalledOnlyWhenItsEventIsPassed() {
    offer(8);
    device.complete(take(), 0);
    device.publish();
    assertThat(device.callNeeded()).isTrue();
    // The driver wants to hear of the fifth.
    guest.u16(AVAIL + SplitRing.usedEventOffset(SIZE), 4);
    for (int i = 2; i <= 8; i++) {
      device.complete(take(), 0);
      device.publish();
      assertThat(device.callNeeded()).as("after the %d-th", i).isEqualTo(i == 5);
    }
  }

  @Test
  void withoutEventIndexTheDriversFlagDecides() {
    open(false);
    offer(3);
    driver.disarm();
    device.complete(take(), 0);
    device.publish();
    assertThat(device.callNeeded()).as("the first time always").isTrue();
    device.complete(take(), 0);
    device.publish();
    assertThat(device.callNeeded()).isFalse();
    assertThat(driver.arm()).as("two came back while it did not listen").isTrue();
    device.complete(take(), 0);
    device.publish();
    assertThat(device.callNeeded()).isTrue();
  }

  @Test
  void withoutEventIndexTheDevicesFlagDecides() {
    open(false);
    device.disarm();
    offer(1);
    assertThat(driver.kickNeeded()).isFalse();
    assertThat(device.arm()).as("one came while it did not listen").isTrue();
    take();
    assertThat(device.arm()).isFalse();
    offer(1);
    assertThat(driver.kickNeeded()).isTrue();
  }

  @Test
  void withEventIndexTheDeviceIsKickedAtTheNextChainOnly() {
    assertThat(device.arm()).isFalse();
    offer(1);
    assertThat(driver.kickNeeded()).isTrue();
    offer(1);
    assertThat(driver.kickNeeded()).as("it has not asked again").isFalse();
    take();
    take();
    assertThat(device.arm()).isFalse();
    offer(3);
    assertThat(driver.kickNeeded()).isTrue();
  }

  @Test
  void aDeviceThatNeedsMoreChainsThanThereAreWaitsForMore() {
    offer(2);
    driver.kickNeeded();
    assertThat(device.available()).isEqualTo(2);
    take();
    take();
    device.untake(2);
    assertThat(device.arm()).as("two are there").isTrue();
    assertThat(device.armForMore()).as("no more than those two").isFalse();
    offer(1);
    assertThat(driver.kickNeeded()).isTrue();
    assertThat(device.armForMore()).isTrue();
    assertThat(device.available()).isEqualTo(3);
  }

  @ParameterizedTest(name = "event {0}, {1} to {2}: {3}")
  @CsvSource({
    "0, 0, 1, true",
    "0, 1, 2, false",
    "4, 0, 4, false",
    "4, 0, 5, true",
    "4, 4, 5, true",
    "4, 5, 9, false",
    "65535, 65535, 0, true",
    "65535, 65534, 65535, false",
    "65535, 65000, 200, true",
    "0, 65000, 200, true",
    "300, 65000, 200, false",
    "5, 5, 5, false",
  })
  void theEventRuleHoldsAcrossTheWrap(int event, int before, int index, boolean passed) {
    assertThat(SplitRing.passed(event, index, before)).isEqualTo(passed);
  }

  @Test
  void aBaseOutOfRangeIsOurMistake() {
    assertThatThrownBy(() -> new DeviceQueue(ring, true, true, guest, 0x10000))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
