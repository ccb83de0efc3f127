package braid.ssi;

/// What the selection logic made of a link.
public enum LacpSelection {
  /// In no aggregator: its partner, key or speed has just changed.
  UNSELECTED,
  /// In an aggregator that does not carry the traffic.
  STANDBY,
  /// In the aggregator that carries the traffic.
  SELECTED
}
