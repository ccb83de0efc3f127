package braid.fabric;

import static org.awaitility.Awaitility.await;

import braid.fabric.pki.TlsFiles;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.ParkWaiter;
import braid.port.PipePort;
import braid.port.Worker;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntPredicate;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// A node with a worker of its own, a fabric on loopback, and a NIC `n0` that keeps what it gets.
final class TestNode implements AutoCloseable {
  private static final long MS = 1_000_000;
  static final Timing QUICK =
      new Timing(2 * MS, 50 * MS, 2000 * MS, 1000 * MS, 250 * MS, 1000 * MS, 1000 * MS, 5000 * MS);

  final Arena arena = Arena.ofShared();
  final List<FabricEvent> events = new CopyOnWriteArrayList<>();
  final List<String> closed = new CopyOnWriteArrayList<>();
  final Worker worker;
  final Fabric fabric;
  final FramePool pool = new FramePool(arena.allocate(FramePool.bytesFor(256, 4096), 64), 4096, 0);
  final List<Plug> plugs = new ArrayList<>();

  /// A fabric port with the far end of the pipe that it is cabled to.
  record Plug(FabricPort port, PipePort far, Cable cable) {}

  TestNode(String name, TlsFiles tls, TransportKind transport, boolean listens) {
    this(name, tls, transport, listens, _ -> false);
  }

  /// @param keeper as in [FabricSettings#keeper]
  TestNode(
      String name, TlsFiles tls, TransportKind transport, boolean listens, IntPredicate keeper) {
    ParkWaiter waiter = new ParkWaiter();
    worker = new Worker("node-" + name, Clock.SYSTEM, waiter, 0);
    FabricSettings settings =
        new FabricSettings(
            name,
            tls,
            listens ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 0) : null,
            transport,
            1,
            8,
            new Window(256, 1 << 20, 256 << 10),
            QUICK,
            () -> {},
            keeper);
    fabric =
        Fabric.open(
            settings,
            worker,
            waiter,
            RandomGeneratorFactory.of("L64X128MixRandom").create(1),
            events::add);
    worker.start();
  }

  TestNode serve() {
    worker.call(
        () -> {
          fabric.serve(
              "n0",
              new SessionHandler() {
                @Override
                public void opened(FabricPort session, PeerInfo peer) {
                  session.announce(new LinkState(true, 10_000));
                  plug(session);
                }

                @Override
                public void closed(FabricPort session, PeerInfo peer, String reason) {
                  closed.add(reason);
                  plugs.stream()
                      .filter(p -> p.port() == session)
                      .forEach(p -> worker.remove(p.cable()));
                }
              });
          return true;
        });
    return this;
  }

  private Plug plug(FabricPort port) {
    PipePort pipe = new PipePort("near", "far", 256);
    Plug plug = new Plug(port, pipe.far(), new Cable(port, pipe));
    plugs.add(plug);
    worker.add(plug.cable());
    return plug;
  }

  Plug connect(String user, String node, String nic, InetSocketAddress to) {
    return worker.call(
        () ->
            plug(
                fabric.connect(
                    user, new RemoteNic(node, nic, to), arena.allocate(fabric.memoryBytes(), 64))));
  }

  Plug connect(TestNode to) {
    InetSocketAddress address = to.fabric.address();
    return connect("bond0", to.name(), "n0", address);
  }

  private String name() {
    return "b";
  }

  boolean connected(Plug plug) {
    return worker.call(() -> plug.port().connected());
  }

  void awaitConnected(Plug plug) {
    eventually(() -> connected(plug));
  }

  static void eventually(java.util.concurrent.Callable<Boolean> condition) {
    await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(5)).until(condition);
  }

  FabricEvent awaitEvent(FabricEvent.Kind kind) {
    eventually(() -> events.stream().anyMatch(e -> e.kind() == kind));
    return events.stream().filter(e -> e.kind() == kind).findFirst().orElseThrow();
  }

  /// Sends numbered frames into the far end of a pipe, as far as there is room.
  int send(Plug plug, int from, int to, int length) {
    return worker.call(
        () -> {
          int next = from;
          Frame[] one = new Frame[1];
          while (next < to && plug.far().room() > 0) {
            Frame frame = pool.take();
            if (frame == null) {
              break;
            }
            frame.plainHeader();
            frame.headLength(length);
            Memory.putShort(frame.head() + 12, (short) 0x0008);
            Memory.putInt(frame.head() + 14, next++);
            one[0] = frame;
            plug.far().send(one, 1);
          }
          return next;
        });
  }

  /// Takes and releases what came out of a pipe.
  List<Integer> take(Plug plug) {
    return worker.call(
        () -> {
          List<Integer> numbers = new ArrayList<>();
          Frame[] batch = new Frame[64];
          for (int n = plug.far().receive(batch, 64); n > 0; n = plug.far().receive(batch, 64)) {
            for (int i = 0; i < n; i++) {
              numbers.add(Memory.getInt(batch[i].head() + 14));
              batch[i].release();
            }
          }
          return numbers;
        });
  }

  @Nullable Plug session() {
    return worker.call(() -> plugs.isEmpty() ? null : plugs.getLast());
  }

  @Override
  public void close() {
    fabric.close();
    worker.close();
    for (Plug plug : plugs) {
      plug.far().drain();
    }
    arena.close();
  }
}
