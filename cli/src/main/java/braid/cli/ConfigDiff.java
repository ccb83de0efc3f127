package braid.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What is different between the configuration that runs and the next one. Pure: it decides
/// nothing and changes nothing.
///
/// @param refused what a running node cannot change, one line each; not empty means that nothing
///                may be changed
/// @param nics    NICs that come, go, or change
/// @param bonds   bonds that come, go, or change
/// @param guests  guests that come, go, or change
record ConfigDiff(
    List<String> refused,
    Changes<NicSpec> nics,
    Changes<BondSpec> bonds,
    Changes<GuestSpec> guests) {

  /// Changes of one kind of thing.
  ///
  /// @param removed as they were
  /// @param added   as they will be
  /// @param changed those whose name stays
  record Changes<T>(List<T> removed, List<T> added, List<Change<T>> changed) {
    /// There are none.
    boolean isEmpty() {
      return removed.isEmpty() && added.isEmpty() && changed.isEmpty();
    }

    private static <T> Changes<T> between(List<T> before, List<T> after, Function<T, String> name) {
      List<T> removed = new ArrayList<>();
      List<T> added = new ArrayList<>();
      List<Change<T>> changed = new ArrayList<>();
      for (T old : before) {
        T next = find(after, name, name.apply(old));
        if (next == null) {
          removed.add(old);
        } else if (!next.equals(old)) {
          changed.add(new Change<>(old, next));
        }
      }
      for (T next : after) {
        if (find(before, name, name.apply(next)) == null) {
          added.add(next);
        }
      }
      return new Changes<>(List.copyOf(removed), List.copyOf(added), List.copyOf(changed));
    }

    private static <T> @Nullable T find(List<T> among, Function<T, String> name, String wanted) {
      return among.stream().filter(one -> name.apply(one).equals(wanted)).findFirst().orElse(null);
    }

    private void describe(List<String> into) {
      removed.forEach(thing -> into.add(thing + " removed"));
      added.forEach(thing -> into.add(thing + " added"));
      changed.forEach(change -> into.add(change.after() + " changed"));
    }
  }

  /// One thing that stays under its name and changes.
  record Change<T>(T before, T after) {}

  ConfigDiff {
    refused = List.copyOf(refused);
  }

  /// Compares two checked configurations.
  static ConfigDiff between(NodeConfig before, NodeConfig after) {
    List<String> refused = new ArrayList<>();
    fixed(refused, "node", before.node(), after.node());
    fixed(refused, "fabric", before.fabric(), after.fabric());
    fixed(refused, "directory", before.directory(), after.directory());
    fixed(refused, "control", before.control(), after.control());
    fixed(refused, "metrics", before.metrics(), after.metrics());
    fixed(refused, "spin", before.spinMicros(), after.spinMicros());
    return new ConfigDiff(
        refused,
        Changes.between(before.nics(), after.nics(), NicSpec::name),
        Changes.between(before.bonds(), after.bonds(), BondSpec::name),
        Changes.between(before.guests(), after.guests(), GuestSpec::name));
  }

  private static void fixed(
      List<String> refused, String key, @Nullable Object before, @Nullable Object after) {
    if (!Objects.equals(before, after)) {
      refused.add(key);
    }
  }

  /// Nothing differs.
  boolean isEmpty() {
    return refused.isEmpty() && nics.isEmpty() && bonds.isEmpty() && guests.isEmpty();
  }

  /// @throws ConfigException when something differs that a running node cannot change
  ConfigDiff requirePossible(String where) {
    if (!refused.isEmpty()) {
      throw new ConfigException(
          where,
          "'"
              + String.join("', '", refused)
              + "' cannot be changed in a running node, so nothing was",
          "Restart the node for that, or put it back to what it was");
    }
    return this;
  }

  /// What comes, goes and changes, a line each.
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    guests.describe(lines);
    bonds.describe(lines);
    nics.describe(lines);
    return lines;
  }
}
