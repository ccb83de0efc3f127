package braid.cli.control;

import java.util.List;
import java.util.Locale;

/// Something that happened in a node and that an operator wants to know. Rare: never one per frame.
///
/// The record's name in kebab case is the event's `type` in JSON (`ActiveChanged` is
/// `active-changed`), its components are the keys. [#text] is the line of the log and of `braid
/// events`.
public sealed interface NodeEvent {
  /// One line for people, without time.
  String text();

  /// An operator should look: the log says WARNING.
  default boolean warning() {
    return false;
  }

  /// A member of a bond changed its state.
  ///
  /// @param bond   its bond
  /// @param member its name
  /// @param from   `down`, `probing`, `holding`, `up`
  /// @param to     the same
  record MemberChanged(String bond, String member, String from, String to) implements NodeEvent {
    @Override
    public String text() {
      return bond + ": member " + member + " " + from + " -> " + to;
    }
  }

  /// Another member of a bond is in use.
  ///
  /// @param bond            the bond
  /// @param from            member left, `none` when there was none
  /// @param to              member in use, `none` when there is none
  /// @param reason          why
  /// @param detectionMicros silence on the old path when it was declared dead, µs; 0 when told
  /// @param resent          frames taken back from the old member and sent again
  /// @param dropped         frames taken back that found no room
  record ActiveChanged(
      String bond,
      String from,
      String to,
      String reason,
      long detectionMicros,
      int resent,
      int dropped)
      implements NodeEvent {
    @Override
    public String text() {
      String silence =
          detectionMicros == 0
              ? ""
              : String.format(Locale.ROOT, ", silence %.1f ms", detectionMicros / 1e3);
      return "%s: %s -> %s (%s%s), resent %d, dropped %d"
          .formatted(bond, from, to, reason, silence, resent, dropped);
    }

    @Override
    public boolean warning() {
      return to.equals("none") || dropped > 0;
    }
  }

  /// A member of a bond that uses several at a time carries nothing any more.
  ///
  /// @param bond            the bond
  /// @param member          its name
  /// @param reason          why
  /// @param detectionMicros silence on its path when it was declared dead, µs; 0 when told
  /// @param resent          frames taken back from it and sent by others
  /// @param dropped         frames taken back that found no room
  record MemberLeft(
      String bond, String member, String reason, long detectionMicros, int resent, int dropped)
      implements NodeEvent {
    @Override
    public String text() {
      String silence =
          detectionMicros == 0
              ? ""
              : String.format(Locale.ROOT, ", silence %.1f ms", detectionMicros / 1e3);
      return "%s: %s carries nothing any more (%s%s), resent %d, dropped %d"
          .formatted(bond, member, reason, silence, resent, dropped);
    }

    @Override
    public boolean warning() {
      return dropped > 0;
    }
  }

  /// A NIC of this node got or lost its carrier, or vanished.
  ///
  /// @param nic           the node's name for it
  /// @param networkDevice the kernel's interface that was looked at
  /// @param up            carrier
  /// @param present       the interface exists
  record LinkChanged(String nic, String networkDevice, boolean up, boolean present)
      implements NodeEvent {
    @Override
    public String text() {
      String what = !present ? "is gone" : up ? "has carrier" : "lost its carrier";
      return "nic " + nic + ": " + networkDevice + " " + what;
    }

    @Override
    public boolean warning() {
      return !up;
    }
  }

  /// Frames can flow to and from another node.
  ///
  /// @param node    its name
  /// @param address where it is
  record FabricConnected(String node, String address) implements NodeEvent {
    @Override
    public String text() {
      return "fabric: " + node + " at " + address + " is connected";
    }
  }

  /// Another node went away: cut, killed, hung, full.
  ///
  /// @param node    its name
  /// @param address where it was
  /// @param reason  which of these, in words
  record FabricLost(String node, String address, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "fabric: " + node + " at " + address + " is lost: " + reason;
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// The way to another node takes no more, or takes frames again.
  ///
  /// @param node    its name
  /// @param address where it is
  /// @param blocked it takes no more
  record FabricBlocked(String node, String address, boolean blocked) implements NodeEvent {
    @Override
    public String text() {
      return "fabric: the way to "
          + node
          + " at "
          + address
          + (blocked ? " is full: it takes no more" : " takes frames again");
    }

    @Override
    public boolean warning() {
      return blocked;
    }
  }

  /// We refused another node, or it refused us.
  ///
  /// @param node    the name expected or given, empty when unknown
  /// @param address where it is
  /// @param reason  certificate, name, version, ... in words
  record FabricRefused(String node, String address, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "fabric: " + (node.isEmpty() ? "" : node + " at ") + address + " refused: " + reason;
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// The map of NICs may be out of date from now on. Traffic runs on.
  ///
  /// @param reason why
  record DirectoryStale(String reason) implements NodeEvent {
    @Override
    public String text() {
      return "directory: the map of NICs is stale (" + reason + "), traffic runs on";
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// The map of NICs is true again.
  ///
  /// @param version of the map
  /// @param nodes   seen alive
  record DirectoryFresh(long version, List<String> nodes) implements NodeEvent {
    /// Copies the list.
    public DirectoryFresh {
      nodes = List.copyOf(nodes);
    }

    @Override
    public String text() {
      return "directory: map %d is fresh, nodes %s".formatted(version, String.join(", ", nodes));
    }
  }

  /// A node that may speak for a guest's MAC address changed.
  ///
  /// @param mac   the address
  /// @param owner the node, empty for none
  /// @param token grows with each owner
  record OwnerChanged(String mac, String owner, long token) implements NodeEvent {
    @Override
    public String text() {
      return "directory: "
          + mac
          + (owner.isEmpty() ? " has no owner" : " is owned by " + owner)
          + " (token "
          + token
          + ")";
    }
  }

  /// A front-end connected and its guest's driver is ready.
  ///
  /// @param guest the node's name for it
  record GuestAttached(String guest) implements NodeEvent {
    @Override
    public String text() {
      return "guest " + guest + ": attached";
    }
  }

  /// A guest's device is no longer driven.
  ///
  /// @param guest  the node's name for it
  /// @param reason why
  record GuestDetached(String guest, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "guest " + guest + ": detached (" + reason + ")";
    }
  }

  /// A guest is kept off the network.
  ///
  /// @param guest  the node's name for it
  /// @param reason why: its MAC is another's, it sends from a foreign MAC
  record GuestRefused(String guest, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "guest " + guest + ": refused: " + reason;
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// What happened to a NIC of this node.
  enum NicChange {
    /// Plugged in.
    ADDED,
    /// Taken out.
    REMOVED,
    /// Traffic is being moved off.
    DRAINING,
    /// It holds no frame any more.
    DRAINED,
    /// In use again.
    RESUMED
  }

  /// A NIC was plugged in, drained or taken out.
  ///
  /// @param nic    its name
  /// @param change what happened
  record NicChanged(String nic, NicChange change) implements NodeEvent {
    @Override
    public String text() {
      return "nic " + nic + ": " + change.name().toLowerCase(Locale.ROOT);
    }
  }

  /// A configuration is in force.
  ///
  /// @param source  file or `command line`
  /// @param changes what differs from before, a line each
  record ConfigApplied(String source, List<String> changes) implements NodeEvent {
    /// Copies the list.
    public ConfigApplied {
      changes = List.copyOf(changes);
    }

    @Override
    public String text() {
      String what = changes.isEmpty() ? "no change" : String.join("; ", changes);
      return "config " + source + " applied: " + what;
    }
  }

  /// A configuration was wrong; the one before stays in force.
  ///
  /// @param source file
  /// @param reason with line and remedy
  record ConfigRefused(String source, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "config " + source + " refused, the one before stays: " + reason;
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// A port dropped frames; at most once a second for each counter ([DropWatch]).
  ///
  /// @param port    its name
  /// @param counter the drop's counter, such as `tx_drop_full`
  /// @param frames  since the last such event
  record FramesDropped(String port, String counter, long frames) implements NodeEvent {
    @Override
    public String text() {
      return "port %s: %s %d".formatted(port, counter, frames);
    }

    @Override
    public boolean warning() {
      return true;
    }
  }

  /// An operator changed something by the control socket.
  ///
  /// @param user who, as the kernel says
  /// @param what the operation and its arguments
  record Operated(String user, String what) implements NodeEvent {
    @Override
    public String text() {
      return "operator " + user + ": " + what;
    }
  }

  /// The node came up or goes down.
  ///
  /// @param node  its name
  /// @param state `ready`, `stopping`, `failed`
  /// @param reason why it stops, empty otherwise
  record NodeChanged(String node, String state, String reason) implements NodeEvent {
    @Override
    public String text() {
      return "node " + node + ": " + state + (reason.isEmpty() ? "" : " (" + reason + ")");
    }

    @Override
    public boolean warning() {
      return state.equals("failed");
    }
  }

  /// A reader was too slow; events were left out for it.
  ///
  /// @param count how many
  record EventsLost(long count) implements NodeEvent {
    @Override
    public String text() {
      return "events lost for this reader: " + count;
    }

    @Override
    public boolean warning() {
      return true;
    }
  }
}
