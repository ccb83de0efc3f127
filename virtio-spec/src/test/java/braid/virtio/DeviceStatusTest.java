package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DeviceStatusTest {
  /// The table of the specification, written a second time, in bytes.
  private static final Map<Integer, Set<Integer>> ALLOWED =
      Map.of(
          0,
          Set.of(0, 1, 128),
          1,
          Set.of(0, 1, 3, 128 | 1),
          3,
          Set.of(0, 3, 11, 128 | 3),
          11,
          Set.of(0, 11, 15, 128 | 11),
          15,
          Set.of(0, 15, 128 | 15),
          128 | 3,
          Set.of(0, 128 | 3));

  static Stream<Arguments> pairs() {
    return ALLOWED.keySet().stream()
        .sorted()
        .flatMap(from -> IntStream.range(0, 256).mapToObj(to -> Arguments.of(from, to)));
  }

  @Test
  void everyPairOfValuesIsAllowedOrRefusedAsTheTableSays() {
    pairs()
        .forEach(
            pair -> {
              int from = (Integer) pair.get()[0];
              int to = (Integer) pair.get()[1];
              // The device's own bit is not the driver's to judge; FAILED may come with any
              // steps, as long as none is taken back.
              int driver = to & ~DeviceStatus.NEEDS_RESET;
              boolean failed =
                  (to & 128) != 0 && (driver & ~(128 | 15)) == 0 && (from & ~to & 0x8f) == 0;
              boolean resetByTheDevicesBit = to == DeviceStatus.NEEDS_RESET && from != 0;
              boolean allowed =
                  failed || (ALLOWED.get(from).contains(driver) && !resetByTheDevicesBit);
              assertThat(taken(from, to)).as(from + " to " + to).isEqualTo(allowed);
            });
  }

  private static boolean taken(int from, int to) {
    try {
      DeviceStatus.write(from, to);
      return true;
    } catch (ProtocolException e) {
      return false;
    }
  }

  static Stream<Arguments> states() {
    return Arrays.stream(DeviceStatus.values())
        .flatMap(from -> Arrays.stream(DeviceStatus.values()).map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest(name = "{0} to {1}")
  @MethodSource("states")
  void everyPairOfStates(DeviceStatus from, DeviceStatus to) throws ProtocolException {
    int written = to == DeviceStatus.FAILED ? from.bits() | to.bits() : to.bits();
    boolean allowed =
        switch (to) {
          case RESET, FAILED -> true;
          case ACKNOWLEDGE -> from == DeviceStatus.RESET || from == to;
          case DRIVER -> from == DeviceStatus.ACKNOWLEDGE || from == to;
          case FEATURES_OK -> from == DeviceStatus.DRIVER || from == to;
          case DRIVER_OK -> from == DeviceStatus.FEATURES_OK || from == to;
        };
    assertThat(from.next().contains(to)).isEqualTo(allowed);
    if (allowed) {
      assertThat(DeviceStatus.write(from.bits(), written)).isEqualTo(written);
      assertThat(DeviceStatus.of(written)).contains(to);
    } else {
      assertThatThrownBy(() -> DeviceStatus.write(from.bits(), written))
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void theDevicesOwnBitStaysUntilAReset() throws ProtocolException {
    int broken = 15 | DeviceStatus.NEEDS_RESET;
    assertThat(DeviceStatus.write(broken, 15)).isEqualTo(broken);
    assertThat(DeviceStatus.write(broken, broken)).isEqualTo(broken);
    assertThat(DeviceStatus.write(broken, 0)).isZero();
    assertThat(DeviceStatus.of(broken)).contains(DeviceStatus.DRIVER_OK);
  }

  @Test
  void aFrontEndMayTellOnlySomeSteps() throws ProtocolException {
    assertThat(DeviceStatus.tell(0, 8)).isEqualTo(8);
    assertThat(DeviceStatus.tell(8, 15)).isEqualTo(15);
    assertThat(DeviceStatus.tell(15, 0)).isZero();
    assertThat(DeviceStatus.tell(0, 15)).isEqualTo(15);
  }

  @Test
  void aFrontEndMayNotClearBitsNorInventThemNorGoLiveWithoutFeatures() {
    assertThatThrownBy(() -> DeviceStatus.tell(15, 11)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> DeviceStatus.tell(0, 16)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> DeviceStatus.tell(0, 32)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> DeviceStatus.tell(0, 256)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> DeviceStatus.tell(3, 7)).isInstanceOf(ProtocolException.class);
  }
}
