package braid.fabric.directory;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One NIC as its node describes it. The node is its owner: only that node publishes it.
///
/// Records of other nodes were checked against the limits below when they were read, so that no
/// peer fills this node's memory or its operator's screen.
///
/// @param node          the node that has it, 1 to 63 characters
/// @param nic           the node's name for it, 1 to 63 characters; unique within the node
/// @param mac           MAC address, 48 bits, first octet highest
/// @param kind          what it is made of, as the configuration calls it: `tap`, `vfio`, ...
/// @param speedMbps     line rate in Mbit/s, 0 when unknown
/// @param carrier       whether it has a link
/// @param mtu           bytes, 68 to 65535
/// @param offloads      what it does in hardware, as `ethtool` calls it, sorted; may be empty
/// @param loadPercent   how busy it is, 0 to 100, of its line rate
/// @param fabricAddress where its node lends it to others; null when it does not
/// @param users         guests and bonds of its own node that use it, sorted; a single one owns it
public record NicRecord(
    String node,
    String nic,
    long mac,
    String kind,
    int speedMbps,
    boolean carrier,
    int mtu,
    List<String> offloads,
    int loadPercent,
    @Nullable Endpoint fabricAddress,
    List<String> users) {

  /// Longest name or word in a record, characters.
  public static final int TEXT_MAX = 63;

  /// Most offloads, and most users, of one record.
  public static final int LIST_MAX = 64;

  /// Highest MAC address.
  private static final long MAC_MAX = 0xFFFF_FFFF_FFFFL;

  private static final int MTU_MIN = 68; // RFC 791: every IPv4 link takes this
  private static final int MTU_MAX = 0xFFFF;

  /// Checks all limits.
  public NicRecord {
    text("node", node);
    text("nic", nic);
    text("kind", kind);
    range("mac", mac, 0, MAC_MAX);
    range("speed", speedMbps, 0, Integer.MAX_VALUE);
    range("mtu", mtu, MTU_MIN, MTU_MAX);
    range("load", loadPercent, 0, 100);
    offloads = words("offloads", offloads);
    users = words("users", users);
  }

  /// The same NIC with another load: what changes all the time, and therefore is told less often.
  NicRecord withLoad(int percent) {
    return new NicRecord(
        node, nic, mac, kind, speedMbps, carrier, mtu, offloads, percent, fabricAddress, users);
  }

  private static List<String> words(String what, List<String> words) {
    range("number of " + what, words.size(), 0, LIST_MAX);
    words.forEach(word -> text(what, word));
    return words.stream().sorted().toList();
  }

  private static void text(String what, String text) {
    boolean printable = text.chars().allMatch(c -> c > ' ' && c < 0x7F);
    if (text.isEmpty() || text.length() > TEXT_MAX || !printable) {
      throw new IllegalArgumentException(
          what + " is not 1 to " + TEXT_MAX + " printable ASCII characters without spaces");
    }
  }

  private static void range(String what, long value, long min, long max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(what + " " + value + " is not in " + min + " to " + max);
    }
  }
}
