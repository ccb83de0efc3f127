package braid.host;

import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Worker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A worker with guests' ports on it, and their servers, as a node has them.
final class TestNode implements AutoCloseable {
  static final long MAC = 0x02_00_00_00_00_07L;

  final Path directory;
  final IoUring ring = new IoUring(256);
  final Worker worker = new Worker("test worker", Clock.SYSTEM, ring, 0);
  final List<VhostUserServer> servers = new ArrayList<>();
  volatile boolean hangUp = true;

  TestNode() {
    try {
      directory = Files.createTempDirectory("braid-host");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    worker.faults(
        fault -> {
          boolean handled = false;
          for (VhostUserServer server : servers) {
            handled |= server.onFault(fault);
          }
          return handled;
        });
    worker.start();
  }

  VhostNetPort port(String name) {
    return new VhostNetPort(name, worker.clock(), ring);
  }

  /// A guest whose frames come back to it.
  VhostNetPort loop(String name) {
    VhostNetPort port = port(name);
    worker.call(
        () -> {
          worker.add(new Loop(port));
          return true;
        });
    return port;
  }

  VhostUserServer serve(VhostNetPort port, boolean client) {
    BooleanSupplier hang = () -> hangUp;
    VhostUserServer server =
        new VhostUserServer(
            new VhostUserServer.Settings(
                port.name(), socket(port), client, NetDevice.of(MAC, 1500)),
            port,
            worker,
            Clock.SYSTEM,
            hang);
    servers.add(server);
    return server.start();
  }

  Path socket(VhostNetPort port) {
    return directory.resolve(port.name() + ".sock");
  }

  @Override
  public void close() {
    servers.forEach(VhostUserServer::close);
    worker.close();
    try {
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
