package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.virtio.PciCaps.Location;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PciCapsTest {
  private final ByteBuffer config = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
  private final long[] bars = {0, 4096, 0, 0, 16384, 0};

  /// A function as QEMU makes it: MSI-X, then device, notify, pci, common and isr.
  @BeforeEach
  void aGoodFunction() {
    config.put(6, (byte) 0x10);
    config.put(0x34, (byte) 0x98);
    config.put(0x98, (byte) 0x11).put(0x99, (byte) 0x84);
    capability(0x84, 0x70, 20, 5, 0, 0, 0);
    capability(0x70, 0x60, 20, 2, 4, 0x3000, 0x1000);
    config.putInt(0x80, 4);
    capability(0x60, 0x50, 16, 4, 4, 0x2000, 0x1000);
    capability(0x50, 0x40, 16, 3, 4, 0x1000, 0x1000);
    capability(0x40, 0, 16, 1, 4, 0, 0x1000);
  }

  private void capability(int at, int next, int bytes, int type, int bar, int offset, int length) {
    config.put(at, (byte) 9).put(at + 1, (byte) next).put(at + 2, (byte) bytes);
    config.put(at + 3, (byte) type).put(at + 4, (byte) bar);
    config.putInt(at + 8, offset).putInt(at + 12, length);
  }

  private PciCaps parse() throws ProtocolException {
    return PciCaps.parse(config.array(), bars);
  }

  private void refused(String why) {
    assertThatThrownBy(this::parse).isInstanceOf(ProtocolException.class).hasMessageContaining(why);
  }

  @Test
  void aGoodFunctionIsUnderstood() throws ProtocolException {
    PciCaps caps = parse();
    assertThat(caps.common()).isEqualTo(new Location(4, 0, 0x1000));
    assertThat(caps.isr()).isEqualTo(new Location(4, 0x1000, 0x1000));
    assertThat(caps.device()).contains(new Location(4, 0x2000, 0x1000));
    assertThat(caps.doorbells()).isEqualTo(new Location(4, 0x3000, 0x1000));
    assertThat(caps.notifyMultiplier()).isEqualTo(4);
    assertThat(caps.pciConfig()).contains(0x84);
    assertThat(caps.doorbell(0)).isEqualTo(0x3000);
    assertThat(caps.doorbell(1)).isEqualTo(0x3004);
  }

  @Test
  void aDoorbellOutsideItsStructureIsRefused() throws ProtocolException {
    PciCaps caps = parse();
    assertThat(caps.doorbell(1023)).isEqualTo(0x3ffc);
    assertThatThrownBy(() -> caps.doorbell(1024)).isInstanceOf(ProtocolException.class);
    config.putInt(0x80, -1);
    PciCaps far = parse();
    assertThatThrownBy(() -> far.doorbell(0xffff)).isInstanceOf(ProtocolException.class);
  }

  @Test
  void aFunctionWithoutCapabilitiesIsRefused() {
    config.put(6, (byte) 0);
    refused("legacy");
  }

  @Test
  void aListThatGoesInACircleIsRefused() {
    config.put(0x41, (byte) 0x98);
    refused("does not end");
  }

  @Test
  void aListThatPointsIntoTheHeaderIsRefused() {
    config.put(0x41, (byte) 0x10);
    refused("capability at 0x10");
  }

  @Test
  void aStructureOutsideItsRegisterIsRefused() {
    config.putInt(0x40 + 8, 0x3001).putInt(0x40 + 12, 0x1000);
    refused("BAR 4");
    config.putInt(0x40 + 8, -4).putInt(0x40 + 12, 8);
    refused("BAR 4");
  }

  @Test
  void aCommonConfigurationTooShortOrMisalignedIsRefused() {
    config.putInt(0x40 + 12, CommonConfig.BYTES_MIN - 1);
    refused("common configuration");
    config.putInt(0x40 + 12, 0x100).putInt(0x40 + 8, 2);
    refused("common configuration");
  }

  @Test
  void aMisalignedDeviceConfigurationIsRefused() {
    config.putInt(0x60 + 8, 0x2002).putInt(0x60 + 12, 0x100);
    refused("device configuration");
  }

  @Test
  void aCapabilityShorterThanItsStructureIsRefused() {
    config.put(0x72, (byte) 16);
    refused("type 2");
  }

  @Test
  void aMissingStructureIsRefused() {
    for (int at : new int[] {0x40, 0x50, 0x70}) {
      byte type = config.get(at + 3);
      config.put(at + 3, (byte) 8);
      refused("no ");
      config.put(at + 3, type);
    }
  }

  @Test
  void reservedTypesAndRegistersArePassedOver() throws ProtocolException {
    capability(0xa8, 0x98, 16, 77, 4, 0, 0x1000);
    capability(0xb8, 0xa8, 16, 1, 6, 0, 0x1000);
    capability(0xc8, 0xb8, 16, 1, 2, 0, 0x1000);
    config.put(0x34, (byte) 0xc8);
    assertThat(parse().common()).isEqualTo(new Location(4, 0, 0x1000));
  }

  @Test
  void theFirstUsableStructureCounts() throws ProtocolException {
    capability(0xa8, 0x98, 16, 1, 1, 0, 0x100);
    config.put(0x34, (byte) 0xa8);
    assertThat(parse().common()).isEqualTo(new Location(1, 0, 0x100));
  }

  @Test
  void randomConfigurationSpacesNeverEscape() {
    Random random = new Random(7);
    int good = 0;
    for (int i = 0; i < 50_000; i++) {
      aGoodFunction();
      for (int n = random.nextInt(6); n > 0; n--) {
        config.put(random.nextInt(256), (byte) random.nextInt());
      }
      try {
        PciCaps caps = parse();
        good++;
        assertThat(caps.common().offset() + caps.common().length())
            .isLessThanOrEqualTo(bars[caps.common().bar()]);
      } catch (ProtocolException e) {
        assertThat(e.clause()).startsWith("VIRTIO 4.1");
      }
    }
    assertThat(good).isGreaterThan(1000);
  }
}
