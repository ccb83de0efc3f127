package braid.fabric;

import org.jspecify.annotations.Nullable;

/// The fabric cannot start: a file, an address or the transport is not usable. The message names it
/// and the remedy.
public final class FabricException extends RuntimeException {
  private static final long serialVersionUID = 1;

  FabricException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
