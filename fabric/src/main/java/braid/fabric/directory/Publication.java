package braid.fabric.directory;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What a node says of itself: all its NICs, and where this stands in the row of what it said.
///
/// As bytes it is JSON in UTF-8, the same in a file and between nodes, so that people can read
/// both: `{"format":1,"node":"a","incarnation":7,"sequence":3,"nics":[...]}`.
///
/// @param node        who says it
/// @param incarnation which life of the node, larger in each: when its process started, ns
/// @param sequence    grows with each publication of one life
/// @param nics        all of this node, no two of one name
record Publication(String node, long incarnation, long sequence, List<NicRecord> nics) {
  /// Longest form, bytes: ten times what the largest set of NICs needs.
  static final int SIZE_MAX = 4 << 20;

  private static final int FORMAT = 1;

  Publication {
    nics = List.copyOf(nics);
    check(node, nics);
  }

  /// Refuses a set of NICs that no node can have.
  ///
  /// @throws IllegalArgumentException saying why
  static void check(String node, Collection<NicRecord> nics) {
    if (nics.size() > NicTable.NICS_MAX) {
      throw new IllegalArgumentException(
          "node " + node + " has " + nics.size() + " NICs; at most " + NicTable.NICS_MAX);
    }
    Set<String> names = new HashSet<>();
    for (NicRecord nic : nics) {
      if (!nic.node().equals(node)) {
        throw new IllegalArgumentException(
            "node " + node + " cannot publish " + nic.nic() + " of node " + nic.node());
      }
      if (!names.add(nic.nic())) {
        throw new IllegalArgumentException("node " + node + " has two NICs called " + nic.nic());
      }
    }
  }

  /// As others read it.
  byte[] bytes() {
    JsonArray array = new JsonArray();
    nics.forEach(nic -> array.add(NicJson.of(nic)));
    return new JsonObject()
        .add("format", FORMAT)
        .add("node", node)
        .add("incarnation", incarnation)
        .add("sequence", sequence)
        .add("nics", array)
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /// Reads what another node, or another program, wrote.
  ///
  /// @throws IllegalArgumentException when it is not a publication within all limits
  static Publication parse(byte[] bytes) {
    if (bytes.length > SIZE_MAX) {
      throw new IllegalArgumentException(bytes.length + " bytes, at most " + SIZE_MAX);
    }
    try {
      JsonObject object = Json.parse(new String(bytes, StandardCharsets.UTF_8)).asObject();
      if (NicJson.integer(object, "format") != FORMAT) {
        throw new IllegalArgumentException(
            "format " + object.get("format") + "; this version reads " + FORMAT);
      }
      String node = NicJson.text(object, "node");
      List<NicRecord> nics = new ArrayList<>();
      for (JsonValue nic : NicJson.array(object, "nics")) {
        nics.add(NicJson.parse(node, nic.asObject()));
      }
      return new Publication(
          node, NicJson.number(object, "incarnation"), NicJson.number(object, "sequence"), nics);
    } catch (com.eclipsesource.json.ParseException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
