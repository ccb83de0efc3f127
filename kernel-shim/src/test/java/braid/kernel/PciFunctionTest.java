package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PciFunctionTest {
  private static final String ADDRESS = "0000:00:02.0";

  @TempDir Path bus;

  @BeforeEach
  void aBusWithThreeFunctions() throws IOException {
    Files.createDirectories(bus.resolve("drivers/virtio-pci"));
    Files.writeString(bus.resolve("drivers/virtio-pci/unbind"), "");
    Files.writeString(bus.resolve("drivers_probe"), "");
    function("0000:00:03.0", "0x1af4", "0x1000");
    function(ADDRESS, "0x1af4", "0x1041");
    function("0000:00:1f.2", "0x8086", "0x2922");
    Files.createSymbolicLink(
        bus.resolve("devices/" + ADDRESS + "/driver"), bus.resolve("drivers/virtio-pci"));
    Files.createSymbolicLink(
        bus.resolve("devices/" + ADDRESS + "/iommu_group"), Path.of("../../iommu_groups/7"));
  }

  private void function(String address, String vendor, String device) throws IOException {
    Path folder = Files.createDirectories(bus.resolve("devices").resolve(address));
    Files.writeString(folder.resolve("vendor"), vendor + "\n");
    Files.writeString(folder.resolve("device"), device + "\n");
    Files.writeString(folder.resolve("class"), "0x020000\n");
    Files.writeString(folder.resolve("driver_override"), "(null)\n");
  }

  private String text(String path) throws IOException {
    return Files.readString(bus.resolve(path));
  }

  @Test
  void functionsAreFoundInTheOrderOfTheirAddresses() {
    assertThat(PciFunction.find(bus, PciFunction.VENDOR_VIRTIO, Set.of(0x1041, 0x1000)))
        .extracting(PciFunction::address)
        .containsExactly(ADDRESS, "0000:00:03.0");
  }

  @Test
  void aBusThatIsNotThereHasNoFunctions() {
    assertThat(PciFunction.find(bus.resolve("none"), 0x1af4, Set.of(0x1041))).isEmpty();
  }

  @Test
  void aFunctionKnowsItsClassGroupAndDriver() {
    PciFunction function = PciFunction.at(bus, ADDRESS);
    assertThat(function.classCode()).isEqualTo(0x020000);
    assertThat(function.iommuGroup()).isEqualTo(7);
    assertThat(function.driver()).isEqualTo("virtio-pci");
    assertThat(PciFunction.at(bus, "0000:00:03.0").driver()).isNull();
  }

  @Test
  void aFunctionThatIsNotThereNamesTheRemedy() {
    assertThatThrownBy(() -> PciFunction.at(bus, "0000:00:09.0"))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("lspci -D");
  }

  @Test
  void withoutAnIommuTheRemedyIsTheKernelArgument() {
    assertThatThrownBy(() -> PciFunction.at(bus, "0000:00:03.0").iommuGroup())
        .hasMessageContaining("intel_iommu=on");
  }

  @Test
  void withoutVfioPciNothingIsUnbound() throws IOException {
    assertThatThrownBy(() -> PciFunction.at(bus, ADDRESS).lendToVfio())
        .hasMessageContaining("modprobe vfio-pci");
    assertThat(text("drivers/virtio-pci/unbind")).isEmpty();
    assertThat(text("devices/" + ADDRESS + "/driver_override")).isEqualTo("(null)\n");
  }

  @Test
  void whenVfioPciDoesNotTakeItTheOldDriverIsAskedAgain() throws IOException {
    // These are plain files: no kernel moves the function.
    Files.createDirectories(bus.resolve("drivers/vfio-pci"));
    assertThatThrownBy(() -> PciFunction.at(bus, ADDRESS).lendToVfio())
        .hasMessageContaining("vfio-pci does not take");
    assertThat(text("drivers/virtio-pci/unbind")).isEqualTo(ADDRESS);
    assertThat(text("drivers_probe")).isEqualTo(ADDRESS);
    assertThat(text("devices/" + ADDRESS + "/driver_override")).isEqualTo("\n");
  }

  @Test
  void whatVfioPciHadBeforeStaysThere() throws IOException {
    Files.createDirectories(bus.resolve("drivers/vfio-pci"));
    Path driver = bus.resolve("devices/" + ADDRESS + "/driver");
    Files.delete(driver);
    Files.createSymbolicLink(driver, bus.resolve("drivers/vfio-pci"));
    PciFunction.Loan loan = PciFunction.at(bus, ADDRESS).lendToVfio();
    loan.close();
    assertThat(loan.before()).isEqualTo("vfio-pci");
    assertThat(text("drivers_probe")).isEmpty();
  }
}
