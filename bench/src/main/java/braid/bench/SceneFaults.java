package braid.bench;

import braid.vm.FailoverScene;

/// Faults on node A of a scene, and the way back.
///
/// @param scene two nodes on a LAN
record SceneFaults(FailoverScene scene) {
  void hurt(FaultKind kind) {
    switch (kind) {
      case CARRIER -> scene.carrier(0, false);
      case KILL -> scene.killNode(0);
      case SILENT -> scene.silence(0, true);
    }
  }

  void heal(FaultKind kind) {
    switch (kind) {
      case CARRIER -> scene.carrier(0, true);
      case KILL -> scene.startNode(0);
      case SILENT -> scene.silence(0, false);
    }
  }
}
