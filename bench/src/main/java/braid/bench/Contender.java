package braid.bench;

import braid.vm.Traffic;
import braid.vm.UdpProbe;
import java.util.Set;

/// One way to make one interface of two NICs, running, with the probe's traffic on it: path 0 is
/// preferred, path 1 takes over.
///
/// One thread. Contenders run in turn: the others are paused, since there is one machine for all.
interface Contender extends AutoCloseable {
  /// For tables, with the settings that matter.
  String name();

  /// The faults that it can notice with these settings.
  Set<FaultKind> catches();

  /// Breaks path 0; returns without waiting for what follows.
  void hurt(FaultKind kind);

  /// Mends path 0; returns when path 0 could be used again.
  void heal(FaultKind kind);

  /// The path that the LAN's switch uses towards the guest: 0, 1, or -1 while it knows none.
  int path();

  /// The traffic on it.
  UdpProbe probe();

  /// Stands still, with its traffic.
  void pause();

  /// Goes on.
  void resume();

  /// Ends the traffic.
  ///
  /// @return what both ends found
  default Traffic.Reports finish() {
    return probe().finish();
  }

  @Override
  void close();
}
