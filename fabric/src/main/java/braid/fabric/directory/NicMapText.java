package braid.fabric.directory;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/// The map as a table for people, as `braid nics` prints it.
public final class NicMapText {
  private static final List<String> NIC_HEADS =
      List.of(
          "NODE",
          "NIC",
          "KIND",
          "MAC",
          "CARRIER",
          "SPEED",
          "LOAD",
          "MTU",
          "USERS",
          "OFFLOADS",
          "FABRIC");
  private static final List<String> OWNER_HEADS = List.of("GUEST MAC", "OWNER", "TOKEN");
  private static final int GAP = 2;

  private NicMapText() {}

  /// A line on the map, a line in front of it when it is stale, the NICs, and the owners of guests'
  /// addresses when there are any. Every line ends with a newline.
  public static String of(NicMap map) {
    StringBuilder text = new StringBuilder();
    Staleness stale = map.staleness();
    if (stale != null) {
      text.append("STALE since ")
          .append(stale.since().truncatedTo(ChronoUnit.SECONDS))
          .append(": ")
          .append(stale.reason())
          .append(". NICs of nodes that are not seen are as they were then. Traffic is not")
          .append(" affected.\n");
    }
    text.append("Version ").append(map.version()).append(", ").append(map.members().size());
    if (map.expected() > 0) {
      text.append(" of ").append(map.expected());
    }
    text.append(map.members().size() == 1 && map.expected() == 0 ? " node: " : " nodes: ")
        .append(String.join(" ", map.members()))
        .append('\n');
    table(text, NIC_HEADS, map.nics().stream().map(nic -> row(map, nic)).toList());
    if (!map.owners().isEmpty()) {
      text.append('\n');
      table(text, OWNER_HEADS, map.owners().stream().map(NicMapText::row).toList());
    }
    return text.toString();
  }

  private static List<String> row(NicMap map, NicRecord nic) {
    boolean seen = map.seen(nic);
    Endpoint address = nic.fabricAddress();
    return List.of(
        nic.node(),
        nic.nic(),
        nic.kind(),
        NicJson.mac(nic.mac()),
        seen ? (nic.carrier() ? "up" : "down") : (nic.carrier() ? "was up" : "was down"),
        nic.speedMbps() == 0 ? "-" : nic.speedMbps() + " Mbit/s",
        seen ? nic.loadPercent() + " %" : "-",
        Integer.toString(nic.mtu()),
        words(nic.users()),
        words(nic.offloads()),
        address == null ? "-" : address.toString());
  }

  private static List<String> row(Ownership owner) {
    return List.of(NicJson.mac(owner.mac()), owner.node(), Long.toString(owner.token()));
  }

  private static String words(List<String> words) {
    return words.isEmpty() ? "-" : String.join(",", words);
  }

  private static void table(StringBuilder text, List<String> heads, List<List<String>> rows) {
    List<List<String>> all = new ArrayList<>(rows);
    all.addFirst(heads);
    int[] widths = new int[heads.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        boolean last = i == widths.length - 1;
        text.append(cell).append(last ? "\n" : " ".repeat(widths[i] - cell.length() + GAP));
      }
    }
  }
}
