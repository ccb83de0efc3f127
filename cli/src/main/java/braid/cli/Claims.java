package braid.cli;

import braid.cli.control.NodeEvent;
import braid.fabric.directory.Directory;
import braid.fabric.directory.DirectoryException;
import braid.fabric.directory.Ownership;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks the directory for the addresses of our guests, as they come and go.
///
/// A guest's network does not wait for the answer: it works from the start, and only a clear "that
/// address is another node's" takes it away, until the address is free. A directory that cannot
/// decide is asked again and again and stops nobody.
///
/// **Thread**: the control thread.
final class Claims {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");

  private final Engine engine;
  private final Directory directory;

  /// Guests whose address is not granted.
  private final Set<GuestUnit> open = new HashSet<>();

  private final Set<GuestUnit> asked = new HashSet<>();
  private boolean undecided;

  Claims(Engine engine, Directory directory) {
    this.engine = engine;
    this.directory = directory;
  }

  /// A guest's driver is ready, or gone.
  void attached(GuestUnit guest, boolean up) {
    if (up) {
      open.add(guest);
      ask(guest);
    } else {
      forget(guest);
    }
  }

  /// A guest is gone.
  void forget(GuestUnit guest) {
    open.remove(guest);
    guest.refuse("");
    if (guest.address() != 0) {
      var _ = directory.release(guest.address()).exceptionally(failure -> null);
    }
  }

  /// Asks again for what was not granted.
  void again() {
    Set.copyOf(open).forEach(this::ask);
  }

  private void ask(GuestUnit guest) {
    if (asked.add(guest)) {
      var _ =
          directory
              .claim(guest.address())
              .whenComplete(
                  (granted, failure) -> engine.later(() -> answer(guest, granted, failure)));
    }
  }

  private void answer(GuestUnit guest, @Nullable Ownership granted, @Nullable Throwable failure) {
    asked.remove(guest);
    if (!open.contains(guest)) {
      return;
    }
    if (granted != null) {
      open.remove(guest);
      undecided = false;
      guest.refuse("");
      engine
          .events()
          .publish(
              new NodeEvent.OwnerChanged(
                  Macs.text(granted.mac()), granted.node(), granted.token()));
      return;
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof DirectoryException refused
        && refused.reason() == DirectoryException.Reason.HELD) {
      guest.refuse(String.valueOf(refused.getMessage()));
    } else if (!undecided) {
      undecided = true;
      LOG.warn("{}: its address is not claimed yet: {}", guest, String.valueOf(cause));
    }
  }
}
