package braid.cli.operator;

import braid.cli.control.NodeView;
import braid.cli.control.Records;
import braid.cli.operator.Table.Mood;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What the commands show to people, at most 100 columns wide for names of usual length. Pure.
final class Screens {
  private Screens() {}

  /// `braid status`.
  static String status(NodeView.Status node, Instant now) {
    StringBuilder out = new StringBuilder();
    Table head = new Table("", "");
    head.row()
        .cell("node")
        .cell(
            "%s, braid %s, pid %d, up %s"
                .formatted(node.node(), node.version(), node.pid(), ago(node.startedAt(), now)));
    head.row()
        .cell("config")
        .cell("%s, applied %s ago".formatted(node.config(), ago(node.configApplied(), now)));
    NodeView.Directory directory = node.directory();
    head.row()
        .cell("directory")
        .cell(directory(directory), directory.stale() ? Mood.BAD : Mood.PLAIN);
    node.failures().forEach(line -> head.row().cell("FAILURE", Mood.BAD).cell(line, Mood.BAD));
    node.warnings().forEach(line -> head.row().cell("WARNING", Mood.BAD).cell(line));
    if (node.failures().isEmpty() && node.warnings().isEmpty()) {
      head.row().cell("health").cell("ok", Mood.GOOD);
    }
    out.append(head);
    section(out, node.guests(), guests(node.guests()));
    section(out, node.bonds(), bondLines(node.bonds()));
    section(out, node.peers(), peers(node.peers(), now));
    section(out, node.ports(), ports(node.ports()));
    return out.toString();
  }

  private static void section(StringBuilder out, List<?> content, Table table) {
    if (!content.isEmpty()) {
      out.append('\n').append(table);
    }
  }

  private static String directory(NodeView.Directory directory) {
    if (directory.kind().equals("none")) {
      return "none: this node knows its own NICs only";
    }
    String state = directory.stale() ? "STALE (" + directory.reason() + ")" : "fresh";
    return "%s, map %d, %s, nodes: %s"
        .formatted(
            directory.kind(), directory.version(), state, String.join(" ", directory.nodes()));
  }

  private static String ago(Instant then, Instant now) {
    return Units.span(Duration.between(then, now));
  }

  private static Table guests(List<NodeView.Guest> guests) {
    Table table = new Table("GUEST", "STATE", "MAC", ">MTU", "UPLINK", "SOCKET");
    for (NodeView.Guest guest : guests) {
      table
          .row()
          .cell(guest.name())
          .cell(guest.attached() ? "attached" : "absent", guest.attached() ? Mood.GOOD : Mood.PLAIN)
          .cell(guest.mac())
          .cell(guest.mtu())
          .cell(guest.uplink())
          .cell(guest.socket());
    }
    return table;
  }

  private static Table bondLines(List<NodeView.Bond> bonds) {
    Table table = new Table("BOND", "MODE", "LINK", ">SPEED", "ACTIVE", "MEMBERS");
    for (NodeView.Bond bond : bonds) {
      link(table.row().cell(bond.name()).cell(bond.mode()), bond.up())
          .cell(Units.speed(bond.speedMbps()))
          .cell(bond.active().isEmpty() ? "-" : bond.active())
          .cell(
              bond.members().stream()
                  .map(m -> m.name() + (m.state().equals("up") ? "" : " (" + m.state() + ")"))
                  .collect(Collectors.joining(", ")));
    }
    return table;
  }

  private static Table link(Table row, boolean up) {
    return row.cell(up ? "up" : "down", up ? Mood.GOOD : Mood.BAD);
  }

  private static Table peers(List<NodeView.Peer> peers, Instant now) {
    Table table = new Table("NODE", "FABRIC", ">SINCE", "ADDRESS", "REASON");
    for (NodeView.Peer peer : peers) {
      boolean connected = peer.state() == NodeView.PeerState.CONNECTED;
      table
          .row()
          .cell(peer.node())
          .cell(Records.lower(peer.state()), connected ? Mood.GOOD : Mood.BAD)
          .cell(ago(peer.since(), now))
          .cell(peer.address())
          .cell(peer.reason());
    }
    return table;
  }

  private static Table ports(List<NodeView.Port> ports) {
    Table table =
        new Table(
            "PORT", "KIND", "LINK", ">SPEED", ">RX", ">RX BYTES", ">TX", ">TX BYTES", ">DROPS");
    for (NodeView.Port port : ports) {
      Map<String, Long> counters = port.counters();
      long drops =
          counters.entrySet().stream()
              .filter(entry -> NodeView.Port.loss(entry.getKey()))
              .mapToLong(Map.Entry::getValue)
              .sum();
      link(table.row().cell(port.name()).cell(Records.lower(port.kind())), port.up())
          .cell(Units.speed(port.speedMbps()))
          .cell(Units.count(counters.getOrDefault("rx_frames", 0L)))
          .cell(Units.bytes(counters.getOrDefault("rx_bytes", 0L)))
          .cell(Units.count(counters.getOrDefault("tx_frames", 0L)))
          .cell(Units.bytes(counters.getOrDefault("tx_bytes", 0L)))
          .cell(Units.count(drops), drops > 0 ? Mood.BAD : Mood.PLAIN);
    }
    return table;
  }

  /// `braid bond show`.
  static String bonds(List<NodeView.Bond> bonds) {
    return bonds.isEmpty()
        ? "This node has no bond.\n"
        : bonds.stream().map(Screens::bond).collect(Collectors.joining("\n"));
  }

  private static String speed(long mbps) {
    return mbps == 0 ? "speed unknown" : Units.speed(mbps) + "bit/s";
  }

  private static String bond(NodeView.Bond bond) {
    Table head = new Table("", "");
    head.row().cell("bond").cell(bond.name() + ", " + bond.mode());
    head.row()
        .cell("link")
        .cell(
            (bond.up() ? "up, " + speed(bond.speedMbps()) : "DOWN: no usable member")
                + (bond.active().isEmpty() ? "" : ", active " + bond.active()),
            bond.up() ? Mood.PLAIN : Mood.BAD);
    bond.options().forEach((key, value) -> head.row().cell(key).cell(value));
    Table members =
        new Table(
            "",
            "MEMBER",
            "NODE",
            "STATE",
            "LINK",
            ">SPEED",
            ">PRIO",
            ">FAILURES",
            ">MISSED",
            ">SILENCE");
    for (NodeView.Member member : bond.members()) {
      boolean fine = member.state().equals("up") && !member.draining();
      link(
              members
                  .row()
                  .cell(member.active() ? "*" : "")
                  .cell(member.name())
                  .cell(member.node().isEmpty() ? "-" : member.node())
                  .cell(
                      member.draining() ? "draining" : member.state(), fine ? Mood.GOOD : Mood.BAD),
              member.up())
          .cell(Units.speed(member.speedMbps()))
          .cell(member.priority())
          .cell(member.failures())
          .cell(member.missed())
          .cell(Units.silence(member.silenceMicros()));
    }
    return head + "\n" + members;
  }

  /// `braid nics`.
  static String nics(NodeView.NicMap map, Instant now) {
    String head =
        map.stale()
            ? "map %d, STALE for %s: %s"
                .formatted(map.version(), ago(map.since(), now), Table.clean(map.reason()))
            : "map %d, fresh".formatted(map.version());
    Table table =
        new Table("NODE", "NIC", "KIND", "MAC", "LINK", ">SPEED", ">MTU", ">LOAD", "OFFLOADS");
    for (NodeView.Nic nic : map.nics()) {
      link(table.row().cell(nic.node()).cell(nic.name()).cell(nic.kind()).cell(nic.mac()), nic.up())
          .cell(Units.speed(nic.speedMbps()))
          .cell(nic.mtu())
          .cell(nic.load() + "%")
          .cell(nic.offloads().isEmpty() ? "-" : String.join(",", nic.offloads()));
    }
    return head + "\n" + (map.nics().isEmpty() ? "no NIC\n" : table);
  }
}
