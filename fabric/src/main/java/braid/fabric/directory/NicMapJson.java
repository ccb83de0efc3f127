package braid.fabric.directory;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.time.temporal.ChronoUnit;

/// The map as JSON, for programs: `braid nics -o json` and whoever serves it.
///
/// | field | is |
/// |---|---|
/// | `version` | grows with each change |
/// | `stale`, `reason`, `since` | whether the map may be old; the last two null while it is not |
/// | `members`, `expected` | nodes seen now; how many there should be, 0 when unknown |
/// | `nics` | `node`, `seen` (whether the node is there now) and the NIC's fields |
/// | `owners` | `mac`, `node`, `token` for each guest's address |
public final class NicMapJson {
  private NicMapJson() {}

  /// The whole map.
  public static JsonObject of(NicMap map) {
    JsonArray members = new JsonArray();
    map.members().forEach(members::add);
    JsonArray nics = new JsonArray();
    for (NicRecord nic : map.nics()) {
      JsonObject object = new JsonObject().add("node", nic.node()).add("seen", map.seen(nic));
      NicJson.of(nic).forEach(field -> object.add(field.getName(), field.getValue()));
      nics.add(object);
    }
    JsonArray owners = new JsonArray();
    for (Ownership owner : map.owners()) {
      owners.add(
          new JsonObject()
              .add("mac", NicJson.mac(owner.mac()))
              .add("node", owner.node())
              .add("token", owner.token()));
    }
    Staleness stale = map.staleness();
    return new JsonObject()
        .add("version", map.version())
        .add("stale", map.stale())
        .add("reason", stale == null ? Json.NULL : Json.value(stale.reason()))
        .add(
            "since",
            stale == null
                ? Json.NULL
                : Json.value(stale.since().truncatedTo(ChronoUnit.MILLIS).toString()))
        .add("members", members)
        .add("expected", map.expected())
        .add("nics", nics)
        .add("owners", owners);
  }
}
