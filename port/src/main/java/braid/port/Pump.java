package braid.port;

/// Something a worker turns: in practice a [Cable], or a switch that joins many ports.
public interface Pump {
  /// Moves what can be moved now.
  ///
  /// @return how many frames moved
  int pump();

  /// Before the worker sleeps: asks all ports to wake it.
  ///
  /// @return true when there is something to move after all
  boolean arm();

  /// When [#pump] must be called again even if nothing arrives, on the worker's clock;
  /// [Long#MAX_VALUE] for never.
  long deadline();
}
