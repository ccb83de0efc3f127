package braid.cli.control;

import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What an operator sees of a node: plain values, copied at one moment.
///
/// These records are the results of the control protocol as well: a component `speedMbps` is the
/// key `speed_mbps` there, an enum constant is its lower-case name with `-`. So a component may be
/// added, but neither renamed nor removed without a new protocol version.
///
/// A MAC address is text (`02:00:00:00:00:01`), speed is in Mbit/s with 0 for unknown. Text that
/// does not apply is empty.
public final class NodeView {
  private NodeView() {}

  /// The whole node.
  ///
  /// @param node          its name
  /// @param version       of the program
  /// @param pid           its process
  /// @param startedAt     when the process became a node
  /// @param config        the configuration file, or `command line`
  /// @param configApplied when it was last applied
  /// @param failures      why the node cannot do its work now, a line each: `/healthz` says 503
  /// @param warnings      what an operator should look at though all guests have their network
  /// @param directory     who tells about the other nodes
  /// @param guests        the devices that it serves
  /// @param bonds         its bonds
  /// @param peers         other nodes, as the fabric sees them
  /// @param ports         everything that moves frames
  public record Status(
      String node,
      String version,
      long pid,
      Instant startedAt,
      String config,
      Instant configApplied,
      List<String> failures,
      List<String> warnings,
      Directory directory,
      List<Guest> guests,
      List<Bond> bonds,
      List<Peer> peers,
      List<Port> ports) {
    /// Copies the lists.
    public Status {
      failures = List.copyOf(failures);
      warnings = List.copyOf(warnings);
      guests = List.copyOf(guests);
      bonds = List.copyOf(bonds);
      peers = List.copyOf(peers);
      ports = List.copyOf(ports);
    }
  }

  /// A guest's device.
  ///
  /// @param name     the node's name for it
  /// @param socket   vhost-user socket
  /// @param attached a front-end is connected and its driver is ready
  /// @param mac      of the device
  /// @param mtu      of the device, bytes
  /// @param uplink   the bond or NIC it is joined to
  public record Guest(
      String name, String socket, boolean attached, String mac, int mtu, String uplink) {}

  /// A bond.
  ///
  /// @param name      of the bond
  /// @param mode      `active-backup`, `flowlet`, ...
  /// @param up        some member is usable
  /// @param speedMbps sum of the usable members' speeds
  /// @param active    the member in use, empty when none is or several are
  /// @param options   the other options, as in the configuration
  /// @param members   its members in the order of their rank
  public record Bond(
      String name,
      String mode,
      boolean up,
      long speedMbps,
      String active,
      Map<String, String> options,
      List<Member> members) {
    /// Copies map and list.
    public Bond {
      options = new LinkedHashMap<>(options);
      members = List.copyOf(members);
    }
  }

  /// A member of a bond.
  ///
  /// @param name         its port's name
  /// @param node         the node whose NIC it is
  /// @param state        `down`, `probing`, `holding`, `up`
  /// @param active       frames are sent through it
  /// @param draining     traffic was moved off it
  /// @param up           carrier
  /// @param speedMbps    of its line
  /// @param priority     higher is preferred
  /// @param distance     0: a NIC of this node; 1: of another
  /// @param failures     how often it stopped being usable
  /// @param missed       continuity messages that never came
  /// @param silenceMicros since the last continuity message, µs; 0 when none was heard
  public record Member(
      String name,
      String node,
      String state,
      boolean active,
      boolean draining,
      boolean up,
      long speedMbps,
      int priority,
      int distance,
      long failures,
      long missed,
      long silenceMicros) {}

  /// How the fabric stands with another node.
  public enum PeerState {
    /// Being called.
    CONNECTING,
    /// Frames flow.
    CONNECTED,
    /// Was connected, is called again and again.
    LOST,
    /// One side refused the other: certificate, name, version.
    REFUSED
  }

  /// Another node.
  ///
  /// @param node     its name
  /// @param address  where it is called, or called from
  /// @param state    how we stand
  /// @param reason   why it is not connected
  /// @param since    of that state
  /// @param counters of the session
  public record Peer(
      String node,
      String address,
      PeerState state,
      String reason,
      Instant since,
      Map<String, Long> counters) {
    /// Copies the map.
    public Peer {
      counters = new LinkedHashMap<>(counters);
    }
  }

  /// The directory of NICs, as this node sees it.
  ///
  /// @param kind    `none`, `file`, `jgroups`
  /// @param stale   what it says may be out of date
  /// @param reason  why it is stale
  /// @param version of the map
  /// @param nodes   the nodes it sees alive
  public record Directory(
      String kind, boolean stale, String reason, long version, List<String> nodes) {
    /// Copies the list.
    public Directory {
      nodes = List.copyOf(nodes);
    }
  }

  /// The NICs of all nodes.
  ///
  /// @param version grows with each change
  /// @param stale   may be out of date
  /// @param reason  why it is stale
  /// @param since   when it was last known to be true
  /// @param nics    in any order; kept by node and name
  public record NicMap(long version, boolean stale, String reason, Instant since, List<Nic> nics) {
    /// Copies and sorts the list.
    public NicMap {
      nics =
          nics.stream().sorted(Comparator.comparing(Nic::node).thenComparing(Nic::name)).toList();
    }
  }

  /// A NIC of some node.
  ///
  /// @param node     whose it is
  /// @param name     its name there
  /// @param kind     `tap`, `packet`, `vfio`
  /// @param mac      its own address
  /// @param up       carrier
  /// @param speedMbps of its line
  /// @param mtu      bytes
  /// @param offloads what it computes itself: `csum`, `tso4`, ...
  /// @param load     how busy its line is, percent
  /// @param address  where its node's fabric listens
  public record Nic(
      String node,
      String name,
      String kind,
      String mac,
      boolean up,
      long speedMbps,
      int mtu,
      List<String> offloads,
      int load,
      String address) {
    /// Copies the list.
    public Nic {
      offloads = List.copyOf(offloads);
    }
  }

  /// What a port is for.
  public enum PortKind {
    /// A guest's device.
    GUEST,
    /// A NIC of this node.
    NIC,
    /// A NIC of another node.
    REMOTE,
    /// What another node uses one of our NICs through.
    SESSION,
    /// A bond.
    BOND,
    /// An end of a switch.
    SWITCH
  }

  /// A port.
  ///
  /// @param name      unique in the node
  /// @param kind      what it is for
  /// @param up        carrier
  /// @param speedMbps of its line
  /// @param counters  frames, bytes, and drops by reason, as the port names them
  public record Port(
      String name, PortKind kind, boolean up, long speedMbps, Map<String, Long> counters) {
    /// Drops that come with the way things work: copies that a switch floods to members not in use,
    /// frames that come back to their sender, frames for a port without carrier, which is said as
    /// such.
    private static final Set<String> ROUTINE =
        Set.of(
            "inactive",
            "own",
            "same_end",
            "reserved_group",
            "link_down",
            "interface_down",
            "queue_disabled",
            "detached");

    /// Copies the map.
    public Port {
      counters = new LinkedHashMap<>(counters);
    }

    /// The counter is of drops, and of such as an operator should look at.
    ///
    /// @param counter a name such as `tx_drop_full`
    public static boolean loss(String counter) {
      return counter.matches("[rt]x_drop_.*") && !ROUTINE.contains(counter.substring(8));
    }
  }

  /// A NIC to plug in.
  ///
  /// @param name     unique in the node
  /// @param settings keys and values as below `nics:` in the configuration
  public record NicSpec(String name, Map<String, String> settings) {
    /// Copies the map.
    public NicSpec {
      settings = new LinkedHashMap<>(settings);
    }
  }
}
