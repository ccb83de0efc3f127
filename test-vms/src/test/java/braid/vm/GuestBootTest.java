package braid.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each kind of guest boots cold and runs a command. Nothing of Braid runs in them.
@Tag("real")
class GuestBootTest {
  private static final String MAC = "02:00:00:00:00:01";

  private Testbed testbed;

  @BeforeEach
  void open(TestInfo test) {
    testbed = Testbed.open(Path.of("target", "logs", test.getTestMethod().orElseThrow().getName()));
  }

  @AfterEach
  void close() {
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource
  void aStockGuestBootsAndReachesTheHostThroughQemusOwnTap(QemuVm.Version version) {
    Namespace host = testbed.namespace("host");
    host.tap("tap0");
    host.address("tap0", "10.9.0.1/24");
    QemuVm vm =
        QemuVm.builder("stock-" + version)
            .version(version)
            .namespace(host)
            .nic(new Nic.Tap("tap0", MAC))
            .address("10.9.0.2/24")
            .start(testbed);
    vm.awaitReady(Guest.BOOT);

    assertThat(vm.check("cat /sys/class/net/eth0/address")).isEqualTo(MAC);
    assertThat(vm.check("basename $(readlink /sys/class/net/eth0/device/driver)"))
        .isEqualTo("virtio_net");
    assertThat(vm.check("/bin/ping -c 3 -i 0.2 10.9.0.1")).contains("3 received");
    assertThat(vm.check("iperf3 --version")).startsWith("iperf");

    vm.qmp().setLink("nic0", false);
    assertThat(vm.check("sleep 0.2; cat /sys/class/net/eth0/carrier")).isEqualTo("0");
  }

  @Test
  void aUserModeLinuxGuestBootsAndRunsACommand() {
    UmlVm vm = UmlVm.start(testbed, new UmlVm.Options("uml", 192, List.of(), ""));
    vm.awaitReady(Guest.BOOT);

    assertThat(vm.check("uname -m; lsmod")).contains("x86_64", "virtio_net");
    assertThat(vm.agent().run("exit 7", Guest.BOOT).status()).isEqualTo(7);
    vm.close();
    assertThat(vm.process().alive()).isFalse();
  }

  @Test
  void theBraidGuestBootsWithVtdLeavesItsNicAloneAndRunsJava() {
    QemuVm vm =
        QemuVm.builder("braid")
            .braid(null)
            .nic(new Nic.User(MAC))
            .script("echo SCRIPT ran")
            .start(testbed);
    vm.awaitReady(Guest.BOOT);

    assertThat(vm.check("java -version")).contains("25");
    assertThat(vm.check("cat /sys/bus/pci/devices/*/class")).contains("0x020000");
    assertThat(vm.check("ls /sys/class/net")).isEqualTo("lo");
    assertThat(vm.check("ls /sys/kernel/iommu_groups | wc -l")).isNotEqualTo("0");
    assertThat(vm.check("ls /dev/vfio/vfio /dev/net/tun")).contains("/dev/vfio/vfio");
    vm.process().console().await(java.util.regex.Pattern.compile("SCRIPT ran"), Guest.BOOT);
  }
}
