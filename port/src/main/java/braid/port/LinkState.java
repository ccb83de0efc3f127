package braid.port;

/// What a port knows of its carrier.
///
/// @param up        carrier is there
/// @param speedMbps line rate in Mbit/s, 0 when unknown
public record LinkState(boolean up, int speedMbps) {
  /// Carrier lost.
  public static final LinkState DOWN = new LinkState(false, 0);

  /// Carrier present, speed unknown.
  public static final LinkState UP = new LinkState(true, 0);
}
