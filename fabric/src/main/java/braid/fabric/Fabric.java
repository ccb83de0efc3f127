package braid.fabric;

import braid.port.Counter;
import braid.port.Waiter;
import braid.port.Worker;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A node's part in the fabric: reaches NICs of other nodes, lets other nodes reach its own.
public final class Fabric implements AutoCloseable {
  private Fabric() {}

  /// Reads the certificates, starts the I/O threads and, if the settings say so, listens.
  ///
  /// @param settings how
  /// @param worker   owns all ports of this fabric; need not have started
  /// @param waiter   where that worker sleeps: woken when bytes arrive
  /// @param random   spreads the attempts to connect
  /// @param events   told what happens, on the worker
  /// @throws FabricException naming the file, address or transport that cannot be used
  public static Fabric open(
      FabricSettings settings,
      Worker worker,
      Waiter waiter,
      RandomGenerator random,
      FabricListener events) {
    throw new UnsupportedOperationException();
  }

  /// Begins to reach for another node's NIC and goes on until the port is closed. On the worker, or
  /// before it starts.
  ///
  /// @param user   on whose behalf: the name of a bond; with the remote NIC it names the session
  /// @param remote the NIC
  /// @param memory for received frames, [Window#memoryBytes] long, 64-byte aligned; native, and
  ///               alive until all frames are back
  /// @return down until the session is established
  public FabricPort connect(String user, RemoteNic remote, MemorySegment memory) {
    throw new UnsupportedOperationException();
  }

  /// Lets other nodes use a NIC of ours. On the worker, or before it starts.
  ///
  /// @throws IllegalArgumentException when it is served already
  public void serve(String nic, SessionHandler handler) {
    throw new UnsupportedOperationException();
  }

  /// Ends all sessions of a NIC of ours and takes no new ones. On the worker.
  ///
  /// @param reason told to the peers
  /// @return false when it was not served
  public boolean withdraw(String nic, String reason) {
    throw new UnsupportedOperationException();
  }

  /// Where it listens, with the port number that was chosen if 0 was asked for; null if it does
  /// not.
  public @Nullable InetSocketAddress address() {
    throw new UnsupportedOperationException();
  }

  /// The transport in use, never [TransportKind#AUTO].
  public TransportKind transport() {
    throw new UnsupportedOperationException();
  }

  /// What happened by kind, refusals by reason; each port has counters of its own. Any thread.
  public List<Counter> counters() {
    throw new UnsupportedOperationException();
  }

  /// Says goodbye to all peers, closes all connections and waits for them, then ends the threads.
  /// Any thread but the worker's, while the worker still runs or after its end; ports stay usable
  /// as far as frames of theirs may be released.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
