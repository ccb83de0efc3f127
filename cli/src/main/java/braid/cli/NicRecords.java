package braid.cli;

import braid.fabric.directory.Endpoint;
import braid.fabric.directory.NicRecord;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What this node tells the others of its NICs.
final class NicRecords {
  /// What a TAP takes unfinished: its bridge and driver do it.
  private static final List<String> OFFLOADS = List.of("csum", "ecn", "tso4", "tso6");

  private NicRecords() {}

  /// A record of each NIC. One that is drained has no carrier for others.
  ///
  /// @param address where others reach them, null when they do not
  /// @param loads   name to percent
  static Collection<NicRecord> of(
      Wiring wiring, String node, @Nullable Endpoint address, Map<String, Integer> loads) {
    return wiring.nics().stream()
        .map(
            nic ->
                new NicRecord(
                    node,
                    nic.spec().name(),
                    nic.spec().mac() == 0
                        ? Macs.of(node + "/" + nic.spec().name())
                        : nic.spec().mac(),
                    "tap",
                    nic.link().speedMbps(),
                    nic.link().up() && !nic.draining(),
                    nic.mtu(),
                    OFFLOADS,
                    loads.getOrDefault(nic.spec().name(), 0),
                    address,
                    users(wiring, nic.spec().name())))
        .toList();
  }

  private static List<String> users(Wiring wiring, String nic) {
    Stream<String> bonds =
        wiring.bonds().stream()
            .filter(bond -> bond.member(nic) instanceof LocalMember)
            .map(bond -> bond.spec().name());
    Stream<String> guests =
        wiring.guests().stream()
            .map(GuestUnit::spec)
            .filter(guest -> !guest.behind().bond() && guest.behind().name().equals(nic))
            .map(GuestSpec::name);
    return Stream.concat(bonds, guests).limit(NicRecord.LIST_MAX).toList();
  }
}
