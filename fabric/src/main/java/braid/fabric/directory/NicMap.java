package braid.fabric.directory;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// All NICs of all nodes, as this node knows them: an immutable snapshot.
///
/// While the map is stale, NICs of nodes that are not seen stay in it as they were last seen: a
/// directory without majority is no reason to stop using a NIC, only the path to it is.
///
/// @param version   grows with each change of what this node knows; 0 before the first; does not
///     compare with another node's
/// @param members   nodes seen now, sorted; this node is one of them
/// @param expected  how many nodes the directory was told of; 0 when it was not told
/// @param nics      sorted by node, then NIC
/// @param owners    who may speak for which guest's address, sorted by address
/// @param staleness null while the map is current
public record NicMap(
    long version,
    List<String> members,
    int expected,
    List<NicRecord> nics,
    List<Ownership> owners,
    @Nullable Staleness staleness) {

  /// A map of nothing: what is known before the first publication.
  public static final NicMap EMPTY = new NicMap(0, List.of(), 0, List.of(), List.of(), null);

  /// Copies the lists.
  public NicMap {
    members = List.copyOf(members);
    nics = List.copyOf(nics);
    owners = List.copyOf(owners);
  }

  /// Whether it may be older than the world.
  public boolean stale() {
    return staleness != null;
  }

  /// The NIC that a node calls `nic`.
  public Optional<NicRecord> find(String node, String nic) {
    return nics.stream().filter(r -> r.node().equals(node) && r.nic().equals(nic)).findFirst();
  }

  /// The NICs of a node.
  public List<NicRecord> of(String node) {
    return nics.stream().filter(nic -> nic.node().equals(node)).toList();
  }

  /// Whether the node of a record is seen now; if not, the record is what was last seen.
  public boolean seen(NicRecord nic) {
    return members.contains(nic.node());
  }
}
