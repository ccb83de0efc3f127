package braid.fabric.directory;

import braid.fabric.pki.NodeIdentity;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a node is told of its cluster's directory.
///
/// @param cluster  the cluster's name: nodes of another one do not mix
/// @param node     this node's name, 1 to 63 letters, digits, '.', '_' and '-'
/// @param bind     where this node listens for the others; an address of this machine
/// @param voters   the nodes whose majority decides who owns what, and where the first word with a
///     group is sought; the same on all nodes. A node that is not among them takes part in all but
///     the vote. Three or five are enough for any number of nodes
/// @param log      folder for the log of ownership; null: in memory, for tests and demonstrations,
///     because a voter that forgets may give a token twice
/// @param identity certificate, key and authority; null: no TLS, for one machine only
/// @param timings  how patient it is
public record ClusterSettings(
    String cluster,
    String node,
    Endpoint bind,
    Map<String, Endpoint> voters,
    @Nullable Path log,
    @Nullable NodeIdentity identity,
    ClusterTimings timings) {

  private static final int VOTERS_MAX = 9;

  /// Checks what fits together.
  ///
  /// @throws IllegalArgumentException saying what does not
  public ClusterSettings {
    voters = new TreeMap<>(voters);
    if (voters.isEmpty() || voters.size() > VOTERS_MAX) {
      throw new IllegalArgumentException(
          voters.size() + " voters; name 1 to " + VOTERS_MAX + ", best three or five");
    }
    if (!FileDirectory.NAME.matcher(node).matches()) {
      throw new IllegalArgumentException("'" + node + "' cannot name a node");
    }
    Endpoint own = voters.get(node);
    if (own != null && own.port() != bind.port()) {
      throw new IllegalArgumentException(
          "node " + node + " listens at " + bind + ", but the others look for it at " + own);
    }
    if (identity != null && !identity.node().equals(node)) {
      throw new IllegalArgumentException(
          "the certificate is of node '" + identity.node() + "', this node is '" + node + "'");
    }
  }

  /// How many voters must be there to decide anything.
  int majority() {
    return voters.size() / 2 + 1;
  }
}
