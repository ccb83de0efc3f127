package braid.fabric;

/// Makes connections for sessions that need one.
@FunctionalInterface
public interface Dialer {
  /// Begins an attempt, whose outcome comes later, on the worker, as [FabricPort#dialed] or
  /// [FabricPort#failed]: exactly one of them, once.
  void dial(RemoteNic remote, FabricPort port);
}
