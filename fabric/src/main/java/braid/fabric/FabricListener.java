package braid.fabric;

/// Hears what happens to connections, for `events` and metrics. Called on the worker: be quick.
@FunctionalInterface
public interface FabricListener {
  /// Something happened. One that repeats comes each time; the log is what is rate limited.
  void event(FabricEvent event);
}
