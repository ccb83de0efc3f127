package braid.tck;

import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.Port;
import braid.port.Pump;
import braid.port.Worker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A node as `braid node` makes it, with echoes in place of uplinks: one worker, one socket and
/// port for each guest.
final class Node implements AutoCloseable {
  private static final long SPIN_NANOS = 20_000;
  private static final int PATIENCE_MILLIS = 15_000;

  private final Worker worker;
  private final List<VhostUserServer> servers = new ArrayList<>();
  private final List<VhostNetPort> ports = new ArrayList<>();

  Node(Path directory, String... guests) {
    IoUring ring = new IoUring(256);
    worker = new Worker("node", Clock.SYSTEM, ring, SPIN_NANOS);
    for (String guest : guests) {
      VhostNetPort port = new VhostNetPort(guest, worker.clock(), ring);
      worker.add(new Echo(port));
      ports.add(port);
      NetDevice device = NetDevice.of(0x020000000000L + servers.size(), 1500);
      servers.add(
          new VhostUserServer(
              new VhostUserServer.Settings(guest, directory.resolve(guest), false, device),
              port,
              worker,
              Clock.SYSTEM,
              () -> false));
    }
    worker.faults(this::fault).start();
    servers.forEach(VhostUserServer::start);
  }

  private boolean fault(Throwable fault) {
    boolean over = false;
    for (VhostUserServer server : servers) {
      over |= server.onFault(fault);
    }
    return over;
  }

  static Subject subject(Path directory, String guest) {
    return new Subject(directory.resolve(guest), PATIENCE_MILLIS, true);
  }

  Worker worker() {
    return worker;
  }

  /// All counters of guest `i` that count something wrong and are not 0.
  Map<String, Long> wrongs(int i) {
    Map<String, Long> wrongs = new TreeMap<>();
    List<Counter> all = new ArrayList<>(servers.get(i).counters());
    all.addAll(ports.get(i).counters().all());
    for (Counter counter : all) {
      if (counter.name().matches(".*(drop|fault|error|refused|lost|miss).*") && counter.get() > 0) {
        wrongs.put(counter.name(), counter.get());
      }
    }
    return wrongs;
  }

  @Override
  public void close() {
    servers.forEach(VhostUserServer::close);
    worker.close();
  }

  /// Sends back what comes.
  private static final class Echo implements Pump {
    private final Port port;
    private final Frame[] batch = new Frame[32];

    Echo(Port port) {
      this.port = port;
    }

    @Override
    public int pump() {
      int count = port.receive(batch, Math.min(batch.length, port.room()));
      if (count > 0) {
        port.send(batch, count);
      }
      port.flush();
      return count;
    }

    @Override
    public boolean arm() {
      return port.arm() && port.room() > 0;
    }

    @Override
    public long deadline() {
      return port.deadline();
    }
  }
}
