package braid.fabric.directory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Makes one map of what the nodes say and of who is there: a pure state machine, one thread, no
/// time of its own.
///
/// Publications may come late, twice, in any order, and before the membership that explains them:
/// the newest (incarnation, sequence) of a node wins, and what is shown depends on the membership
/// alone. A node that is not seen is forgotten while the map is current; while it is stale, what it
/// said last stays, because then "not seen" says more about us than about it.
public final class NicTable {
  /// Most NICs of one node.
  public static final int NICS_MAX = 256;

  /// Most nodes whose NICs are kept.
  public static final int NODES_MAX = 256;

  private final int expected;
  private final Map<String, Publication> publications = new TreeMap<>();
  private final Set<String> seen = new TreeSet<>();
  private List<Ownership> owners = List.of();
  private @Nullable Staleness staleness;
  private NicMap map = NicMap.EMPTY;
  private boolean changed;

  /// An empty table.
  ///
  /// @param expected how many nodes there should be, 0 when nobody knows
  public NicTable(int expected) {
    this.expected = expected;
  }

  /// A node said what it has.
  ///
  /// @param node        which
  /// @param incarnation larger in each life of the node
  /// @param sequence    larger with each publication of one life
  /// @param nics        all NICs of this node, checked
  /// @return whether it was news; false: older than what is known, or from a node too many
  public boolean publish(String node, long incarnation, long sequence, Collection<NicRecord> nics) {
    return publish(new Publication(node, incarnation, sequence, List.copyOf(nics)));
  }

  boolean publish(Publication publication) {
    Publication known = publications.get(publication.node());
    if (known == null ? publications.size() >= NODES_MAX : !newer(publication, known)) {
      return false;
    }
    publications.put(publication.node(), publication);
    changed = true;
    return true;
  }

  /// A node began another life: what it had before means nothing, and its next publication is news
  /// whatever its numbers are (the clock of a machine that was off may show an earlier day).
  public void forget(String node) {
    changed |= publications.remove(node) != null;
  }

  /// The membership changed.
  ///
  /// @param nodes who is seen now
  /// @param stale why this may not be the world; null when it is
  /// @param now   since when, if the map was current until now
  public void members(Collection<String> nodes, @Nullable String stale, Instant now) {
    Staleness was = staleness;
    Staleness is = stale == null ? null : new Staleness(stale, was == null ? now : was.since());
    if (!java.util.Objects.equals(was, is)) {
      staleness = is;
      changed = true;
    }
    if (!seen.equals(Set.copyOf(nodes))) {
      seen.clear();
      seen.addAll(nodes);
      changed = true;
    }
    if (is == null && publications.keySet().retainAll(seen)) {
      changed = true;
    }
  }

  /// Who owns which guest's address.
  public void owners(Collection<Ownership> ownerships) {
    List<Ownership> sorted =
        ownerships.stream().sorted(Comparator.comparingLong(Ownership::mac)).toList();
    if (!sorted.equals(owners)) {
      owners = sorted;
      changed = true;
    }
  }

  /// The map as of now: the same object as long as nothing changed, a larger version if it did.
  public NicMap map() {
    if (changed) {
      changed = false;
      List<NicRecord> nics = new ArrayList<>();
      for (Publication publication : publications.values()) {
        if (staleness != null || seen.contains(publication.node())) {
          publication.nics().stream()
              .sorted(Comparator.comparing(NicRecord::nic))
              .forEach(nics::add);
        }
      }
      NicMap next =
          new NicMap(map.version() + 1, List.copyOf(seen), expected, nics, owners, staleness);
      map = sameContent(map, next) ? map : next;
    }
    return map;
  }

  private static boolean sameContent(NicMap one, NicMap other) {
    return one.version() > 0
        && one.members().equals(other.members())
        && one.nics().equals(other.nics())
        && one.owners().equals(other.owners())
        && java.util.Objects.equals(one.staleness(), other.staleness());
  }

  private static boolean newer(Publication publication, Publication known) {
    return publication.incarnation() > known.incarnation()
        || (publication.incarnation() == known.incarnation()
            && publication.sequence() > known.sequence());
  }
}
