package braid.host;

import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Worker;
import java.nio.file.Path;

/// A node that sends every frame of its guest back, for measuring by hand. Arguments: socket path,
/// spin time in nanoseconds (default: never sleep). Ends with its standard input.
final class LoopMain {
  private LoopMain() {}

  public static void main(String[] args) throws java.io.IOException {
    IoUring ring = new IoUring(256);
    long spin = args.length > 1 ? Long.parseLong(args[1]) : Long.MAX_VALUE;
    Worker worker = new Worker("loop", Clock.SYSTEM, ring, spin);
    VhostNetPort port = new VhostNetPort("loop", worker.clock(), ring);
    worker.add(new Loop(port));
    worker.start();
    VhostUserServer server =
        new VhostUserServer(
            new VhostUserServer.Settings(
                "loop", Path.of(args[0]), false, NetDevice.of(0x02_00_00_00_00_01L, 1500)),
            port,
            worker,
            Clock.SYSTEM,
            () -> true);
    server.start();
    System.out.println("listening at " + args[0]);
    while (System.in.read() >= 0) {
      System.out.println(port.counters() + " " + server.counters());
    }
    server.close();
    worker.close();
  }
}
