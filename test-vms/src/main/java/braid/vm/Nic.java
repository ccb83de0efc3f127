package braid.vm;

import java.nio.file.Path;
import java.util.List;

/// A NIC of a QEMU guest, named by what is behind it.
public sealed interface Nic {
  /// The guest's MAC address, as 02:00:00:00:00:01.
  String mac();

  /// A vhost-user back-end that listens on a socket; QEMU connects, waits for it at its start with
  /// the guest frozen, and connects again after it went away.
  ///
  /// @param socket where the back-end listens
  /// @param mac of the guest
  record VhostUser(Path socket, String mac) implements Nic {}

  /// A TAP interface that exists where QEMU runs; the back-end is QEMU itself.
  ///
  /// @param interfaceName of the TAP
  /// @param mac of the guest
  record Tap(String interfaceName, String mac) implements Nic {}

  /// QEMU's own network stack: needs nothing on the host. The guest may be 10.0.2.15/24.
  ///
  /// @param mac of the guest
  record User(String mac) implements Nic {}

  /// The arguments of QEMU for what is behind the NIC.
  ///
  /// @param id of the netdev, unique in the machine
  /// @param reconnect how the version spells the pause between two tries to connect
  private List<String> backend(String id, String reconnect) {
    return switch (this) {
      case VhostUser(Path socket, String _) ->
          List.of(
              "-chardev", "socket,id=" + id + "-socket,path=" + socket + "," + reconnect,
              "-netdev", "vhost-user,id=" + id + ",chardev=" + id + "-socket,queues=1");
      case Tap(String name, String _) ->
          List.of("-netdev", "tap,id=" + id + ",ifname=" + name + ",script=no,downscript=no");
      case User _ -> List.of("-netdev", "user,id=" + id);
    };
  }

  /// All arguments of QEMU for this NIC: the device is named `idN`, what is behind it `netN`.
  ///
  /// @param number position in the machine, from 0
  /// @param reconnect how the version spells the pause between two tries to connect
  /// @param properties more properties of the device, each with a leading comma
  /// @return arguments
  default List<String> arguments(int number, String reconnect, String properties) {
    List<String> arguments = new java.util.ArrayList<>(backend("net" + number, reconnect));
    arguments.add("-device");
    arguments.add(
        "virtio-net-pci,id=nic%d,netdev=net%d,mac=%s,disable-legacy=on,romfile=%s"
            .formatted(number, number, mac(), properties));
    return arguments;
  }
}
