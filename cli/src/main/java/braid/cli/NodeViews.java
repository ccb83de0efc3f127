package braid.cli;

import braid.cli.control.NodeView;
import braid.fabric.directory.Endpoint;
import braid.fabric.directory.NicMap;
import braid.fabric.directory.NicRecord;
import braid.port.Counter;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.MemberStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What an operator sees of the running wiring, copied at one moment: whatever belongs to the
/// worker is asked there, in one go. Any thread.
final class NodeViews {
  private static final String VERSION = "0.1.0";
  private static final List<String> ORDINARY = List.of("rx_drop_inactive", "rx_drop_own");
  private static final String GUEST_ABSENT = "tx_drop_link_down";

  /// What the wiring does not know of the node.
  ///
  /// @param config    in force
  /// @param source    of it
  /// @param startedAt when the node began
  /// @param appliedAt when `config` came into force
  /// @param problems  what of it could not be done
  /// @param failure   why the worker stopped, empty while it works
  record About(
      NodeConfig config,
      String source,
      Instant startedAt,
      Instant appliedAt,
      List<String> problems,
      String failure) {}

  private final Engine engine;
  private final Wiring wiring;
  private final Cluster cluster;

  NodeViews(Engine engine, Wiring wiring, Cluster cluster) {
    this.engine = engine;
    this.wiring = wiring;
    this.cluster = cluster;
  }

  /// Everything.
  NodeView.Status status(About about) {
    return engine.call(() -> onWorker(about));
  }

  private NodeView.Status onWorker(About about) {
    return new NodeView.Status(
        about.config.node(),
        VERSION,
        ProcessHandle.current().pid(),
        about.startedAt,
        about.source,
        about.appliedAt,
        about.failure.isEmpty() ? List.of() : List.of(about.failure),
        warnings(about),
        directory(about.config.directory()),
        guests(),
        bonds(),
        cluster.peers(),
        portsOnWorker());
  }

  private List<String> warnings(About about) {
    List<String> warnings = new ArrayList<>(about.problems);
    NicMap map = cluster.map();
    var staleness = map.staleness();
    if (staleness != null) {
      warnings.add("the map of NICs is stale: " + staleness.reason());
    }
    for (NicUnit nic : wiring.nics()) {
      if (nic.incomplete()) {
        warnings.add(nic + ": an interface of it is missing");
      } else if (!nic.link().up()) {
        warnings.add(nic + ": no carrier at " + nic.spec().watched());
      }
    }
    for (GuestUnit guest : wiring.guests()) {
      if (!guest.refusal().isEmpty()) {
        warnings.add(guest + " is kept off the network: " + guest.refusal());
      }
    }
    return warnings;
  }

  private NodeView.Directory directory(@Nullable DirectorySpec spec) {
    NicMap map = cluster.map();
    var staleness = map.staleness();
    return new NodeView.Directory(
        spec == null ? "none" : Field.word(spec.kind()),
        staleness != null,
        staleness == null ? "" : staleness.reason(),
        map.version(),
        map.members());
  }

  private List<NodeView.Guest> guests() {
    return wiring.guests().stream()
        .sorted(Comparator.comparing((GuestUnit guest) -> guest.spec().name()))
        .map(
            guest ->
                new NodeView.Guest(
                    guest.spec().name(),
                    guest.spec().socket().toString(),
                    guest.ready(),
                    Macs.text(guest.address() == 0 ? guest.spec().deviceMac() : guest.address()),
                    guest.spec().mtu(),
                    guest.spec().behind().name()))
        .toList();
  }

  private List<NodeView.Bond> bonds() {
    return wiring.bonds().stream()
        .sorted(Comparator.comparing((BondUnit bond) -> bond.spec().name()))
        .map(this::bond)
        .toList();
  }

  private NodeView.Bond bond(BondUnit unit) {
    Map<String, String> options = new LinkedHashMap<>(unit.spec().texts());
    String mode = String.valueOf(options.remove("mode"));
    List<MemberStatus> members = unit.bond().members();
    List<MemberStatus> active = members.stream().filter(MemberStatus::inUse).toList();
    return new NodeView.Bond(
        unit.spec().name(),
        mode,
        unit.bond().link().up(),
        unit.bond().link().speedMbps(),
        active.size() == 1 ? active.getFirst().name() : "",
        options,
        members.stream()
            .map(member -> member(unit, member))
            .sorted(
                Comparator.comparingInt((NodeView.Member member) -> -member.priority())
                    .thenComparingInt(NodeView.Member::distance)
                    .thenComparing(NodeView.Member::name))
            .toList());
  }

  private NodeView.Member member(BondUnit bond, MemberStatus status) {
    MemberUnit unit = bond.member(status.name());
    String node = unit instanceof RemoteMember remote ? remote.nic().node() : cluster.node();
    return new NodeView.Member(
        status.name(),
        node,
        Field.word(status.state()),
        status.inUse(),
        status.draining(),
        status.link().up(),
        status.link().speedMbps(),
        status.priority(),
        status.distance(),
        status.failures(),
        status.missed(),
        status.silenceNanos() / 1_000);
  }

  /// Everything that moves frames.
  List<NodeView.Port> ports() {
    return engine.call(this::portsOnWorker);
  }

  /// The same without drops that belong to ordinary life: copies that a LAN floods to every member
  /// of a bond, and what the LAN sends to a guest that is not there.
  List<NodeView.Port> troubles() {
    return ports().stream().map(NodeViews::troubles).toList();
  }

  private static NodeView.Port troubles(NodeView.Port port) {
    Map<String, Long> counters = new LinkedHashMap<>(port.counters());
    counters.keySet().removeAll(ORDINARY);
    if (port.kind() == NodeView.PortKind.GUEST) {
      counters.remove(GUEST_ABSENT);
    }
    return new NodeView.Port(port.name(), port.kind(), port.up(), port.speedMbps(), counters);
  }

  private List<NodeView.Port> portsOnWorker() {
    List<NodeView.Port> ports = new ArrayList<>();
    wiring.guests().forEach(one -> ports.add(port(one.point(), NodeView.PortKind.GUEST)));
    wiring.nics().forEach(one -> ports.add(port(one.point(), NodeView.PortKind.NIC)));
    for (BondUnit bond : wiring.bonds()) {
      ports.add(port(bond.point(), NodeView.PortKind.BOND));
      bond.outlet().hub().ends().forEach(end -> ports.add(port(end, NodeView.PortKind.SWITCH)));
      for (MemberUnit member : bond.members()) {
        TapPoint point = member.point();
        if (point != null) {
          ports.add(port(point, NodeView.PortKind.REMOTE));
        }
      }
    }
    for (NicUnit nic : wiring.nics()) {
      nic.outlet().hub().ends().forEach(end -> ports.add(port(end, NodeView.PortKind.SWITCH)));
    }
    cluster.sessions().forEach(point -> ports.add(port(point, NodeView.PortKind.SESSION)));
    ports.sort(Comparator.comparing(NodeView.Port::kind).thenComparing(NodeView.Port::name));
    return ports;
  }

  private static NodeView.Port port(Port port, NodeView.PortKind kind) {
    Map<String, Long> counters = new LinkedHashMap<>();
    for (Counter counter : port.counters().all()) {
      counters.put(counter.name(), counter.get());
    }
    return new NodeView.Port(
        port.name(), kind, port.link().up(), port.link().speedMbps(), counters);
  }

  /// Where frames can be watched, by the port's name.
  Map<String, TapPoint> taps() {
    return engine.call(
        () -> {
          Map<String, TapPoint> taps = new TreeMap<>();
          wiring.guests().forEach(one -> taps.put(one.point().name(), one.point()));
          wiring.nics().forEach(one -> taps.put(one.point().name(), one.point()));
          for (BondUnit bond : wiring.bonds()) {
            taps.put(bond.point().name(), bond.point());
            for (MemberUnit member : bond.members()) {
              TapPoint point = member.point();
              if (point != null) {
                taps.put(point.name(), point);
              }
            }
          }
          cluster.sessions().forEach(point -> taps.put(point.name(), point));
          return taps;
        });
  }

  /// The NICs of all nodes, as the directory says; this node's alone when there is none.
  NodeView.NicMap nics() {
    NicMap map = cluster.map();
    var staleness = map.staleness();
    List<NicRecord> records =
        map.nics().isEmpty()
            ? List.copyOf(NicRecords.of(wiring, cluster.node(), cluster.address(), Map.of()))
            : map.nics();
    return new NodeView.NicMap(
        map.version(),
        staleness != null,
        staleness == null ? "" : staleness.reason(),
        staleness == null ? Instant.now() : staleness.since(),
        records.stream().map(NodeViews::nic).toList());
  }

  private static NodeView.Nic nic(NicRecord nic) {
    Endpoint address = nic.fabricAddress();
    return new NodeView.Nic(
        nic.node(),
        nic.nic(),
        nic.kind(),
        Macs.text(nic.mac()),
        nic.carrier(),
        nic.speedMbps(),
        nic.mtu(),
        nic.offloads(),
        nic.loadPercent(),
        address == null ? "" : address.toString());
  }
}
