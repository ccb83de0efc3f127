package braid.bench;

import braid.vm.UdpProbe;

/// Who uses a contender's one interface: the guest, or what stands in its place, with the traffic's
/// end in it.
interface End extends AutoCloseable {
  /// The traffic.
  UdpProbe probe();

  /// Stands still, with its traffic.
  void pause();

  /// Goes on.
  void resume();

  @Override
  void close();
}
