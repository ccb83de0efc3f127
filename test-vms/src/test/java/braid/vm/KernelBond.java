package braid.vm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/// Linux's own bonding driver as a judge: a bond over dummy devices in a user-mode Linux guest,
/// which tells for each frame the slave it would pick.
final class KernelBond {
  private static final Duration PASS = Duration.ofMinutes(3);
  private static final String BOND = "bond0";

  /// Loads what a bond needs, in this order: the host's modprobe does not look where the modules of
  /// user-mode Linux are. What is built in has no file. No devices are made by the way.
  static final String MODULES =
      """
      set -e
      for module in crc-ccitt ipv6 tls bonding dummy veth sch_ingress act_mirred cls_matchall; do
        case $module in
          bonding) none=max_bonds=0 ;;
          dummy) none=numdummies=0 ;;
          *) none= ;;
        esac
        file=$(find /usr/lib/uml/modules/$(uname -r) -name "$module.ko*" | head -n 1)
        [ -z "$file" ] || insmod "$file" $none
      done
      """;

  private final Path shared;
  private final UmlVm vm;

  private KernelBond(Path shared, UmlVm vm) {
    this.shared = shared;
    this.vm = vm;
  }

  /// Boots a guest with a bond in mode balance-xor.
  ///
  /// @param slaves how many devices it has
  static KernelBond start(Testbed testbed, int slaves) {
    UmlVm vm = UmlVm.start(testbed, new UmlVm.Options("judge", 256, List.of(), ""));
    vm.awaitReady(Guest.BOOT);
    // Nothing but our frames may leave: no neighbour discovery.
    vm.check(
        MODULES
            + """
            echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
            ip link add BOND type bond mode balance-xor
            i=0
            while [ $i -lt SLAVES ]; do
              ip link add d$i type dummy
              ip link set d$i master BOND
              i=$((i + 1))
            done
            ip link set BOND up
            # What is sent into `entry` comes out of its peer, and from there goes to the bond.
            ip link add entry type veth peer name exit
            ip link set entry up
            ip link set exit up
            tc qdisc add dev exit ingress
            tc filter add dev exit ingress matchall action mirred egress redirect dev BOND
            mkdir -p /run/shared /run/guest
            mount -t hostfs -o SHARED none /run/shared
            mount -t hostfs -o GUEST none /run/guest
            """
                .replace("BOND", BOND)
                .replace("SLAVES", Integer.toString(slaves))
                .replace("SHARED", testbed.directory().toString())
                .replace("GUEST", GuestFiles.here().bondChoices().getParent().toString()));
    return new KernelBond(testbed.directory(), vm);
  }

  /// Says what will be asked about.
  void frames(List<byte[]> frames) throws IOException {
    int bytes = frames.stream().mapToInt(frame -> 2 + frame.length).sum();
    ByteBuffer all = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    frames.forEach(frame -> all.putShort((short) frame.length).put(frame));
    try (FileChannel file =
        FileChannel.open(
            shared.resolve("frames"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.truncate(0).write(all.flip());
    }
  }

  /// Asks the driver.
  ///
  /// @param policy an `xmit_hash_policy`
  /// @return for each frame the number of the slave, 255 when the frame was not sent
  byte[] choices(String policy) throws IOException {
    String said =
        vm.agent()
            .check(
                "echo "
                    + policy
                    + " >/sys/class/net/"
                    + BOND
                    + "/bonding/xmit_hash_policy && /run/guest/bond-choices "
                    + BOND
                    + " entry /run/shared/frames /run/shared/choices",
                PASS);
    System.out.println("kernel, " + policy + ": " + said.strip());
    return Files.readAllBytes(shared.resolve("choices"));
  }
}
