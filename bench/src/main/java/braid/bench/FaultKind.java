package braid.bench;

/// A way to break the path in use.
enum FaultKind {
  /// The NIC in use loses its carrier.
  CARRIER("carrier off"),
  /// SIGKILL to the process behind the NIC in use.
  KILL("kill -9"),
  /// The switch forwards nothing for the NIC in use any more; carrier stays.
  SILENT("silent blackhole");

  final String text;

  FaultKind(String text) {
    this.text = text;
  }
}
