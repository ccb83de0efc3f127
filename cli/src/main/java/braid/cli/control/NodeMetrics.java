package braid.cli.control;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A node's state as Prometheus metrics, all from one look at it.
///
/// docs/metrics.md lists them. Port counters are named by a rule, so that a new one needs no change
/// here: `rx_frames` is `braid_port_rx_frames_total`, `tx_drop_full` is
/// `braid_port_tx_dropped_frames_total{reason="full"}`, any other is
/// `braid_port_events_total{event="its name"}`.
final class NodeMetrics {
  private static final String[] PORT = {"port", "kind"};
  private static final String[] MEMBER = {"bond", "member"};

  private final PrometheusRegistry registry = new PrometheusRegistry();

  private NodeMetrics() {}

  static MetricSnapshots of(NodeView.Status status, NodeView.NicMap nics) {
    NodeMetrics metrics = new NodeMetrics();
    metrics.node(status);
    metrics.ports(status);
    metrics.bonds(status);
    metrics.fabric(status);
    metrics.nics(nics);
    return metrics.registry.scrape();
  }

  private void node(NodeView.Status status) {
    gauge(
        "braid_node_info",
        "1; who and what runs.",
        labels("node", "version"),
        call -> call.call(1, status.node(), status.version()));
    gauge(
        "braid_node_start_time_seconds",
        "When the node started, seconds since 1970.",
        labels(),
        call -> call.call(status.startedAt().toEpochMilli() / 1e3));
    gauge(
        "braid_node_config_applied_time_seconds",
        "When the configuration was last applied, seconds since 1970.",
        labels(),
        call -> call.call(status.configApplied().toEpochMilli() / 1e3));
    gauge(
        "braid_node_failures",
        "Reasons why the node does not do its work; /healthz says them.",
        labels(),
        call -> call.call(status.failures().size()));
    gauge(
        "braid_node_warnings",
        "Things an operator should look at.",
        labels(),
        call -> call.call(status.warnings().size()));
    gauge(
        "braid_guest_attached",
        "1 when a front-end is connected and its driver is ready.",
        labels("guest"),
        call -> status.guests().forEach(g -> call.call(bit(g.attached()), g.name())));
  }

  private void ports(NodeView.Status status) {
    for (String direction : new String[] {"rx", "tx"}) {
      String verb = direction.equals("rx") ? "gave" : "took";
      counter(
          "braid_port_" + direction + "_frames",
          "Frames that the port " + verb + ".",
          PORT,
          call -> each(status, direction + "_frames", call));
      counter(
          "braid_port_" + direction + "_bytes",
          "Bytes that the port " + verb + ", without virtio_net_hdr and FCS.",
          PORT,
          call -> each(status, direction + "_bytes", call));
      counter(
          "braid_port_" + direction + "_dropped_frames",
          "Frames that the port dropped, by reason.",
          labels("port", "kind", "reason"),
          call -> drops(status, direction + "_drop_", call));
    }
    counter(
        "braid_port_events",
        "What else the port counts.",
        labels("port", "kind", "event"),
        call -> others(status, call));
    gauge(
        "braid_port_up",
        "1 with carrier.",
        PORT,
        call ->
            status.ports().forEach(p -> call.call(bit(p.up()), p.name(), Records.lower(p.kind()))));
    gauge(
        "braid_port_speed_bits_per_second",
        "Line rate; 0 for unknown.",
        PORT,
        call ->
            status
                .ports()
                .forEach(p -> call.call(p.speedMbps() * 1e6, p.name(), Records.lower(p.kind()))));
  }

  private static void each(NodeView.Status status, String name, Sample call) {
    for (NodeView.Port port : status.ports()) {
      Long value = port.counters().get(name);
      if (value != null) {
        call.call(value, port.name(), Records.lower(port.kind()));
      }
    }
  }

  private static void drops(NodeView.Status status, String prefix, Sample call) {
    for (NodeView.Port port : status.ports()) {
      port.counters()
          .forEach(
              (name, value) -> {
                if (name.startsWith(prefix)) {
                  String reason = name.substring(prefix.length());
                  call.call(value, port.name(), Records.lower(port.kind()), reason);
                }
              });
    }
  }

  private static void others(NodeView.Status status, Sample call) {
    for (NodeView.Port port : status.ports()) {
      port.counters()
          .forEach(
              (name, value) -> {
                if (!name.matches("[rt]x_(frames|bytes|drop_.*)")) {
                  call.call(value, port.name(), Records.lower(port.kind()), name);
                }
              });
    }
  }

  private void bonds(NodeView.Status status) {
    String[] bond = labels("bond");
    gauge(
        "braid_bond_up",
        "1 when some member is usable.",
        bond,
        call -> status.bonds().forEach(b -> call.call(bit(b.up()), b.name())));
    gauge(
        "braid_bond_speed_bits_per_second",
        "Sum of the usable members' line rates.",
        bond,
        call -> status.bonds().forEach(b -> call.call(b.speedMbps() * 1e6, b.name())));
    gauge(
        "braid_bond_info",
        "1; how the bond spreads frames.",
        labels("bond", "mode"),
        call -> status.bonds().forEach(b -> call.call(1, b.name(), b.mode())));
    members("braid_member_usable", "1 in state up.", status, m -> bit(m.state().equals("up")));
    members("braid_member_active", "1 when sent through.", status, m -> bit(m.active()));
    members("braid_member_up", "1 with carrier.", status, m -> bit(m.up()));
    members("braid_member_draining", "1 when moved off.", status, m -> bit(m.draining()));
    counter(
        "braid_member_failures",
        "How often the member stopped being usable.",
        MEMBER,
        call -> eachMember(status, NodeView.Member::failures, call));
    counter(
        "braid_member_missed_continuity",
        "Continuity messages that never came.",
        MEMBER,
        call -> eachMember(status, NodeView.Member::missed, call));
  }

  private interface Of {
    double member(NodeView.Member member);
  }

  private void members(String name, String help, NodeView.Status status, Of value) {
    gauge(name, "Member of a bond: " + help, MEMBER, call -> eachMember(status, value, call));
  }

  private static void eachMember(NodeView.Status status, Of value, Sample call) {
    for (NodeView.Bond bond : status.bonds()) {
      bond.members().forEach(m -> call.call(value.member(m), bond.name(), m.name()));
    }
  }

  private void fabric(NodeView.Status status) {
    gauge(
        "braid_fabric_peer_connected",
        "1 when frames flow to and from that node.",
        labels("peer"),
        call ->
            status
                .peers()
                .forEach(p -> call.call(bit(p.state() == NodeView.PeerState.CONNECTED), p.node())));
    counter(
        "braid_fabric_peer_events",
        "What the fabric counts for that node.",
        labels("peer", "event"),
        call -> {
          for (NodeView.Peer peer : status.peers()) {
            for (Map.Entry<String, Long> entry : peer.counters().entrySet()) {
              call.call(entry.getValue(), peer.node(), entry.getKey());
            }
          }
        });
  }

  private void nics(NodeView.NicMap nics) {
    gauge(
        "braid_directory_stale",
        "1 when the map of NICs may be out of date.",
        labels(),
        call -> call.call(bit(nics.stale())));
    gauge(
        "braid_directory_version",
        "Version of the map of NICs.",
        labels(),
        call -> call.call((double) nics.version()));
    gauge(
        "braid_directory_nics",
        "NICs in the map, by node.",
        labels("node"),
        call -> {
          Map<String, Long> counts = new TreeMap<>();
          nics.nics().forEach(nic -> counts.merge(nic.node(), 1L, Long::sum));
          counts.forEach((node, count) -> call.call(count, node));
        });
  }

  private static String[] labels(String... names) {
    return names;
  }

  private static double bit(boolean set) {
    return set ? 1 : 0;
  }

  /// Takes one value and its labels.
  private interface Sample {
    void call(double value, String... labels);
  }

  private void gauge(String name, String help, String[] labels, Consumer<Sample> values) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .callback(callback -> values.accept(callback::call))
        .register(registry);
  }

  private void counter(String name, String help, String[] labels, Consumer<Sample> values) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .callback(callback -> values.accept(callback::call))
        .register(registry);
  }
}
