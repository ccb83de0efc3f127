package braid.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A guest's device as configured.
///
/// @param name      the node's name for it
/// @param socket    vhost-user socket
/// @param behind    what its frames go through
/// @param mode      who listens
/// @param mac       the guest's address, 48 bits; 0 when the VMM is to say
/// @param mtu       MTU in the device's configuration, bytes
/// @param vlan      VLAN that it is in without seeing the tag, 1 to 4094; 0 for none
/// @param rateMbps  most that it may send, Mbit/s; 0 for no limit
/// @param antiSpoof frames from another source address than its own are dropped; without a `mac`
///                  its own is that of its first frame
/// @param allow     further addresses that it may use
/// @param pcap      file that all its frames are written to; null for none
/// @param drop      percent of frames dropped on purpose, for debugging; 0 normally
record GuestSpec(
    String name,
    Path socket,
    Behind behind,
    Mode mode,
    long mac,
    int mtu,
    int vlan,
    int rateMbps,
    boolean antiSpoof,
    List<Long> allow,
    @Nullable Path pcap,
    int drop) {
  static final List<String> KEYS =
      List.of(
          "socket",
          "nic",
          "bond",
          "mode",
          "mac",
          "mtu",
          "vlan",
          "rate",
          "anti-spoof",
          "allow",
          "pcap",
          "drop");
  private static final int RATE_MAX = 10_000_000;

  /// How a guest's socket comes to be.
  enum Mode {
    /// The node listens and the front-end connects.
    SERVER,
    /// The front-end listens and the node connects, again and again.
    CLIENT
  }

  /// What a guest's frames go through.
  ///
  /// @param bond a bond; otherwise one NIC
  /// @param name of it
  record Behind(boolean bond, String name) {
    @Override
    public String toString() {
      return (bond ? "bond " : "nic ") + name;
    }
  }

  /// One `--guest NAME=SOCKET,nic=NIC|bond=BOND[,KEY=VALUE...]`.
  static GuestSpec option(String text) {
    OptionText option =
        OptionText.named("--guest", "guest", text, "socket", "vm1=/run/braid/vm1.sock,nic=a0");
    return read(option.name(), option.field());
  }

  static GuestSpec read(String name, Field field) {
    field.only(KEYS);
    String socket = field.required("socket", "/run/braid/" + name + ".sock");
    return new GuestSpec(
        field.name(name),
        field.socket("socket", socket),
        behind(field),
        field.choice("mode", Mode.class, Mode.SERVER),
        field.mac("mac", 0),
        field.number("mtu", 68, 65_535, 1500),
        field.number("vlan", 1, 4094, 0),
        field.number("rate", 1, RATE_MAX, 0),
        field.flag("anti-spoof", true),
        field.macs("allow"),
        field.path("pcap"),
        field.number("drop", 0, 100, 0));
  }

  private static Behind behind(Field field) {
    String bond = field.text("bond");
    if (bond == null) {
      return new Behind(false, field.required("nic", "a0 (or bond=bond0)"));
    }
    if (field.has("nic")) {
      throw field.wrong(
          "bond", field.what() + " has both 'nic' and 'bond'", "Keep one: a bond has its NICs");
    }
    return new Behind(true, bond);
  }

  GuestSpec {
    allow = List.copyOf(allow);
  }

  /// The address in the device's configuration: the one that was given, or one made of the name.
  /// Front-ends that read it (user-mode Linux) use it; QEMU has its own.
  long deviceMac() {
    return mac == 0 ? Macs.of(name) : mac;
  }

  /// Its address is not known before it sends.
  boolean learns() {
    return antiSpoof && mac == 0;
  }

  /// Only what is in front of the device differs, so that the guest need not notice.
  boolean sameDevice(GuestSpec other) {
    return socket.equals(other.socket)
        && mode == other.mode
        && mac == other.mac
        && mtu == other.mtu
        && java.util.Objects.equals(pcap, other.pcap)
        && drop == other.drop;
  }

  @Override
  public String toString() {
    return "guest " + name;
  }
}
