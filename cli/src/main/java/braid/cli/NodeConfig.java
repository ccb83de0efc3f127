package braid.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What one node is told. Validated as a whole ([NodeChecks]) before anything is opened.
///
/// @param node       its name among the nodes
/// @param nics       in the order given
/// @param bonds      in the order given
/// @param guests     in the order given
/// @param fabric     how it talks to other nodes; null: it does not
/// @param directory  where the map of all NICs is; null: there is none
/// @param control    Unix socket for the operator's commands; null: the default place
/// @param metrics    where metrics are read; null: nowhere
/// @param spinMicros how long the worker looks again before it sleeps, µs; 0 sleeps at once
record NodeConfig(
    String node,
    List<NicSpec> nics,
    List<BondSpec> bonds,
    List<GuestSpec> guests,
    @Nullable FabricSpec fabric,
    @Nullable DirectorySpec directory,
    @Nullable Path control,
    @Nullable HostPort metrics,
    int spinMicros) {
  static final int SPIN_DEFAULT_MICROS = 50;
  static final int SPIN_MAX_MICROS = 1_000_000;

  NodeConfig {
    nics = List.copyOf(nics);
    bonds = List.copyOf(bonds);
    guests = List.copyOf(guests);
  }

  /// The NIC of that name.
  Optional<NicSpec> nic(String name) {
    return nics.stream().filter(nic -> nic.name().equals(name)).findFirst();
  }

  /// The bond of that name.
  Optional<BondSpec> bond(String name) {
    return bonds.stream().filter(bond -> bond.name().equals(name)).findFirst();
  }

  /// The same with other NICs.
  NodeConfig nics(List<NicSpec> others) {
    return new NodeConfig(
        node, others, bonds, guests, fabric, directory, control, metrics, spinMicros);
  }

  /// The same with other bonds.
  NodeConfig bonds(List<BondSpec> others) {
    return new NodeConfig(
        node, nics, others, guests, fabric, directory, control, metrics, spinMicros);
  }

  /// The same with other guests.
  NodeConfig guests(List<GuestSpec> others) {
    return new NodeConfig(
        node, nics, bonds, others, fabric, directory, control, metrics, spinMicros);
  }

  /// The same with another spin time.
  NodeConfig spin(int micros) {
    return new NodeConfig(node, nics, bonds, guests, fabric, directory, control, metrics, micros);
  }

  /// The largest packet of the guests that may go through a NIC, unless it has an MTU of its own.
  int mtuOf(NicSpec nic) {
    return nic.mtu() > 0
        ? nic.mtu()
        : guests.stream()
            .filter(guest -> uses(guest, nic))
            .mapToInt(GuestSpec::mtu)
            .max()
            .orElse(1500);
  }

  /// A guest's frames may go through a NIC of this node.
  boolean uses(GuestSpec guest, NicSpec nic) {
    if (!guest.behind().bond()) {
      return guest.behind().name().equals(nic.name());
    }
    return bond(guest.behind().name())
        .filter(
            bond -> bond.members().stream().anyMatch(member -> member.fitsOwn(node, nic.name())))
        .isPresent();
  }
}
