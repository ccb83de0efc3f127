package braid.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Checks what only the whole can tell: names are unique, what is referred to exists, nothing is
/// used twice, options that need each other are there.
final class NodeChecks {
  private final NodeConfig config;
  private final Places places;

  private NodeChecks(NodeConfig config, Places places) {
    this.config = config;
    this.places = places;
  }

  /// Checks `config`.
  ///
  /// @return the same
  /// @throws ConfigException with place and remedy
  static NodeConfig checked(NodeConfig config, Places places) {
    new NodeChecks(config, places).something();
    return consistent(config, places);
  }

  /// The same without asking for something to do: the last NIC of a node that lends it, or the last
  /// guest, may be taken away while the node runs.
  static NodeConfig consistent(NodeConfig config, Places places) {
    NodeChecks checks = new NodeChecks(config, places);
    checks.nics();
    checks.bonds();
    checks.guests();
    checks.fabric();
    return config;
  }

  private ConfigException wrong(Object thing, String problem, String remedy) {
    return new ConfigException(places.of(thing.toString()), problem, remedy);
  }

  private void something() {
    boolean serves = config.fabric() != null && config.fabric().listen() != null;
    if (config.guests().isEmpty() && !(serves && !config.nics().isEmpty())) {
      throw new ConfigException(
          places.whole(),
          "no guest",
          "Give --guest NAME=SOCKET,nic=NIC, or guests: in the file; a node that only lends its"
              + " NICs to others needs nics: and fabric: with listen:");
    }
  }

  private void nics() {
    Set<String> names = new HashSet<>();
    Map<String, NicSpec> interfaces = new HashMap<>();
    Map<Long, NicSpec> macs = new HashMap<>();
    for (NicSpec nic : config.nics()) {
      if (!names.add(nic.name())) {
        throw wrong(nic, "two NICs are named '" + nic.name() + "'", "Rename one");
      }
      NicSpec other = interfaces.put(nic.tap(), nic);
      if (other != null) {
        throw wrong(nic, "two NICs use the TAP '" + nic.tap() + "'", "Give each its own");
      }
      if (nic.uplink() != null && nic.bridge() == null) {
        throw wrong(
            nic,
            "nic '" + nic.name() + "' has an uplink but no bridge",
            "Add bridge=NAME: the TAP and " + nic.uplink() + " meet there");
      }
      NicSpec twin = nic.mac() == 0 ? null : macs.put(nic.mac(), nic);
      if (twin != null) {
        throw wrong(
            nic,
            "NICs '"
                + twin.name()
                + "' and '"
                + nic.name()
                + "' have the same MAC "
                + Macs.text(nic.mac()),
            "Change one");
      }
    }
    uplinks(interfaces);
  }

  private void uplinks(Map<String, NicSpec> taps) {
    Map<String, NicSpec> uplinks = new HashMap<>();
    for (NicSpec nic : config.nics()) {
      if (nic.uplink() == null) {
        continue;
      }
      NicSpec made = taps.get(nic.uplink());
      if (made != null) {
        throw wrong(
            nic,
            "the uplink of nic '" + nic.name() + "' is the TAP of nic '" + made.name() + "'",
            "An uplink is a physical interface");
      }
      NicSpec other = uplinks.put(nic.uplink(), nic);
      if (other != null && !Objects.equals(nic.bridge(), other.bridge())) {
        throw wrong(
            nic,
            "NICs '"
                + other.name()
                + "' and '"
                + nic.name()
                + "' put the uplink "
                + nic.uplink()
                + " into different bridges",
            "An interface is in one bridge; name the same one");
      }
    }
  }

  private void bonds() {
    Set<String> names = new HashSet<>();
    for (BondSpec bond : config.bonds()) {
      if (!names.add(bond.name())) {
        throw wrong(bond, "two bonds are named '" + bond.name() + "'", "Rename one");
      }
      for (MemberPattern member : bond.members()) {
        member(bond, member);
      }
    }
  }

  private void member(BondSpec bond, MemberPattern member) {
    boolean ours = member.node().isEmpty() || member.node().equals(config.node());
    if (ours) {
      List<String> known = config.nics().stream().map(NicSpec::name).toList();
      if (!member.open() && !known.contains(member.nic())) {
        throw wrong(
            bond,
            "bond '" + bond.name() + "' wants the unknown NIC '" + member.nic() + "'",
            known.isEmpty()
                ? "Add nics: " + member.nic() + ", or write NODE/NIC for another node's"
                : Words.didYouMean(member.nic(), known));
      }
      return;
    }
    if (config.directory() == null) {
      throw wrong(
          bond,
          "bond '"
              + bond.name()
              + "' wants NICs of other nodes ("
              + member
              + "), and there is no directory to find them",
          "Add directory: {kind: file} for nodes of this machine, or kind: jgroups");
    }
    if (config.fabric() == null) {
      throw wrong(
          bond,
          "bond '"
              + bond.name()
              + "' wants NICs of other nodes ("
              + member
              + "), and there is no fabric to reach them",
          "Add fabric: {ca: FILE, cert: FILE, key: FILE}; 'braid certs init' makes them");
    }
  }

  private void guests() {
    Set<String> names = new HashSet<>();
    Map<Path, GuestSpec> sockets = new HashMap<>();
    Map<Long, GuestSpec> macs = new HashMap<>();
    for (GuestSpec guest : config.guests()) {
      if (!names.add(guest.name())) {
        throw wrong(guest, "two guests are named '" + guest.name() + "'", "Rename one");
      }
      if (sockets.put(guest.socket().toAbsolutePath().normalize(), guest) != null) {
        throw wrong(guest, "two guests use the socket " + guest.socket(), "Give each its own");
      }
      behind(guest);
      if (!guest.allow().isEmpty() && (!guest.antiSpoof() || guest.mac() == 0)) {
        throw wrong(
            guest,
            "guest '"
                + guest.name()
                + "' has 'allow' without "
                + (guest.antiSpoof() ? "'mac'" : "'anti-spoof'"),
            guest.antiSpoof()
                ? "Add mac=: the guest's own address"
                : "Remove it: without anti-spoof every address is allowed");
      }
      GuestSpec twin = macs.put(guest.deviceMac(), guest);
      if (twin != null) {
        throw wrong(
            guest,
            "guests '"
                + twin.name()
                + "' and '"
                + guest.name()
                + "' have the same MAC "
                + Macs.text(guest.deviceMac()),
            "Change one");
      }
      for (NicSpec nic : config.nics()) {
        if (nic.mac() == guest.deviceMac()) {
          throw wrong(
              guest,
              "guest '"
                  + guest.name()
                  + "' and nic '"
                  + nic.name()
                  + "' have the same MAC "
                  + Macs.text(guest.deviceMac()),
              "Change one");
        }
        if (nic.mtu() > 0 && nic.mtu() < guest.mtu() && config.uses(guest, nic)) {
          throw wrong(
              guest,
              "guest '"
                  + guest.name()
                  + "' has an MTU of "
                  + guest.mtu()
                  + ", more than the "
                  + nic.mtu()
                  + " of nic '"
                  + nic.name()
                  + "' behind it",
              "Lower the guest's or raise the NIC's");
        }
      }
    }
  }

  private void behind(GuestSpec guest) {
    String name = guest.behind().name();
    List<String> known =
        guest.behind().bond()
            ? config.bonds().stream().map(BondSpec::name).toList()
            : config.nics().stream().map(NicSpec::name).toList();
    if (known.contains(name)) {
      return;
    }
    String remedy =
        guest.behind().bond() ? "--bond " + name + "=a0+a1" : "--nic " + name + "=tap:brd-" + name;
    throw wrong(
        guest,
        "guest '"
            + guest.name()
            + "' wants the unknown "
            + (guest.behind().bond() ? "bond" : "NIC")
            + " '"
            + name
            + "'",
        known.isEmpty() ? "Add " + remedy : Words.didYouMean(name, known));
  }

  private void fabric() {
    FabricSpec fabric = config.fabric();
    DirectorySpec directory = config.directory();
    if (directory != null && directory.kind() == DirectorySpec.Kind.JGROUPS && fabric == null) {
      throw wrong(
          "directory",
          "a directory of kind jgroups needs certificates, and there is no fabric",
          "Add fabric: {ca: FILE, cert: FILE, key: FILE}; 'braid certs init' makes them");
    }
    if (fabric != null && fabric.listen() != null && directory == null) {
      throw wrong(
          "fabric",
          "the fabric listens at " + fabric.listen() + ", but no directory tells other nodes",
          "Add directory: {kind: file} for nodes of this machine, or kind: jgroups");
    }
  }
}
