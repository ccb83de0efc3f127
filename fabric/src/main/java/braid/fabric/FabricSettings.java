package braid.fabric;

import braid.fabric.pki.TlsFiles;
import java.net.InetSocketAddress;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// How a node takes part in the fabric.
///
/// @param node      this node's name; its certificate must carry it
/// @param tls       its certificate and the authority's
/// @param listen    where to wait for other nodes, null to only connect
/// @param transport how bytes move
/// @param ioThreads threads that encrypt and move bytes, 1 to 64; a connection stays with one
/// @param sessions  most sessions per NIC of ours, 1 to 4096
/// @param window    memory of a session
/// @param timing    patience
/// @param ioStart   run by each I/O thread before anything else: for what the kernel must know of
///                  it
/// @param keeper    keeps the connection of this descriptor open beyond its close here, and lets it
///                  end at once when this process is killed; false when it cannot ([Lifeline])
public record FabricSettings(
    String node,
    TlsFiles tls,
    @Nullable InetSocketAddress listen,
    TransportKind transport,
    int ioThreads,
    int sessions,
    Window window,
    Timing timing,
    Runnable ioStart,
    IntPredicate keeper) {
  /// Checks the ranges.
  public FabricSettings {
    Names.check("node", node);
    if (ioThreads < 1 || ioThreads > 64) {
      throw new IllegalArgumentException("fabric I/O threads " + ioThreads + ": use 1 to 64");
    }
    if (sessions < 1 || sessions > 4096) {
      throw new IllegalArgumentException("fabric sessions " + sessions + ": use 1 to 4096");
    }
  }

  /// Everything at its default: transport `auto`, one I/O thread, 64 sessions.
  public static FabricSettings of(String node, TlsFiles tls, @Nullable InetSocketAddress listen) {
    return new FabricSettings(
        node,
        tls,
        listen,
        TransportKind.AUTO,
        1,
        64,
        Window.DEFAULT,
        Timing.DEFAULT,
        () -> {},
        _ -> false);
  }
}
