package braid.bench;

import braid.fabric.Fabric;
import braid.fabric.FabricPort;
import braid.fabric.FabricSettings;
import braid.fabric.PeerInfo;
import braid.fabric.RemoteNic;
import braid.fabric.SessionHandler;
import braid.fabric.Timing;
import braid.fabric.TransportKind;
import braid.fabric.Window;
import braid.fabric.pki.TlsFiles;
import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Pump;
import braid.port.Worker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.random.RandomGenerator;

/// One end of the fabric for `bench fabric`, in a process of its own: a NIC that takes all frames
/// at once (`sink`), or a user that sends as many as it may (`source`).
///
/// ```
///   sink   CERTIFICATES ADDRESS PORT TRANSPORT
///   source CERTIFICATES ADDRESS PORT TRANSPORT    then lines "run BYTES MILLIS" on standard input
/// ```
final class FabricPeer {
  private static final int URING_OPERATIONS = 64;
  private static final int FRAME_BYTES = Frame.HEADER_BYTES + Frame.BYTES_MAX;
  private static final int SMALL_BYTES = 2048;

  private FabricPeer() {}

  /// See the class.
  public static void main(String[] args) throws IOException {
    boolean sink = args[0].equals("sink");
    InetSocketAddress address = new InetSocketAddress(args[2], Integer.parseInt(args[3]));
    String node = sink ? "b" : "a";
    FabricSettings settings =
        new FabricSettings(
            node,
            TlsFiles.in(Path.of(args[1]), node),
            sink ? address : null,
            TransportKind.of(args[4]),
            1,
            4,
            Window.DEFAULT,
            Timing.DEFAULT,
            () -> {},
            _ -> false);
    IoUring ring = new IoUring(URING_OPERATIONS);
    try (Worker worker = new Worker("fabric-" + node, Clock.SYSTEM, ring, 0);
        Fabric fabric =
            Fabric.open(settings, worker, ring, RandomGenerator.getDefault(), event -> {})) {
      if (sink) {
        fabric.serve("n0", new Sinks(worker));
        worker.start();
        System.out.println("ready");
        wait(System.in::read);
      } else {
        source(worker, fabric, address);
      }
    }
  }

  /// Something that returns when the bench is over.
  private interface End {
    int read() throws IOException;
  }

  private static void wait(End end) throws IOException {
    while (end.read() >= 0) {
      // until the bench closes our input
    }
  }

  private static void source(Worker worker, Fabric fabric, InetSocketAddress address)
      throws IOException {
    Arena arena = Arena.global();
    FabricPort port =
        fabric.connect(
            "bench", new RemoteNic("b", "n0", address), arena.allocate(fabric.memoryBytes(), 64));
    Source source = new Source(port, arena);
    worker.add(source);
    worker.start();
    while (!worker.call(port::connected)) {
      Side.sleep(10);
    }
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      System.out.println(run(worker, source, Integer.parseInt(words[1]), words[2]));
    }
  }

  private static String run(Worker worker, Source source, int bytes, String millis) {
    worker.submit(() -> source.size = bytes);
    Side.sleep(300);
    long[] begin = worker.call(source::mark);
    Side.sleep(Integer.parseInt(millis));
    long[] end = worker.call(source::mark);
    worker.submit(() -> source.size = 0);
    long frames = end[0] - begin[0];
    return String.format(
        Locale.ROOT,
        "done frames=%d seconds=%.6f rtt_us=%d",
        frames,
        (end[1] - begin[1]) / 1e9,
        end[2] / 1000);
  }

  /// Sends frames of one size as long as there is room.
  private static final class Source implements Pump {
    private final FabricPort port;
    private final FramePool large;
    private final FramePool small;
    private final Frame[] batch = new Frame[64];
    private int size;
    private long sent;

    Source(FabricPort port, Arena arena) {
      this.port = port;
      this.large = pool(arena, 64, FRAME_BYTES);
      this.small = pool(arena, 4096, SMALL_BYTES);
    }

    private static FramePool pool(Arena arena, int frames, int bytes) {
      return new FramePool(arena.allocate(FramePool.bytesFor(frames, bytes), 64), bytes, 0);
    }

    private FramePool pool() {
      return size + Frame.HEADER_BYTES > SMALL_BYTES ? large : small;
    }

    /// Frames that the far NIC has taken, the time, and the last round trip of a small record.
    long[] mark() {
      return new long[] {sent - port.inFlight(), Clock.SYSTEM.nanos(), port.roundTripNanos()};
    }

    @Override
    public int pump() {
      int got = port.receive(batch, batch.length);
      for (int i = 0; i < got; i++) {
        batch[i].release();
      }
      FramePool pool = pool();
      int count = size == 0 ? 0 : Math.min(batch.length, Math.min(port.room(), pool.available()));
      for (int i = 0; i < count; i++) {
        Frame frame = pool.take();
        if (frame == null) {
          throw new AssertionError("the pool said it had one");
        }
        frame.plainHeader();
        frame.headLength(size);
        batch[i] = frame;
      }
      if (count > 0) {
        port.send(batch, count);
        sent += count;
      }
      port.flush();
      return got + count;
    }

    @Override
    public boolean arm() {
      return port.arm() || (size > 0 && port.room() > 0 && pool().available() > 0);
    }

    @Override
    public long deadline() {
      return port.deadline();
    }
  }

  /// Plugs a sink into each session.
  private record Sinks(Worker worker) implements SessionHandler {
    @Override
    public void opened(FabricPort session, PeerInfo peer) {
      session.announce(LinkState.UP);
      worker.add(new Sink(session));
    }

    @Override
    public void closed(FabricPort session, PeerInfo peer, String reason) {}
  }

  /// Takes every frame and releases it.
  private static final class Sink implements Pump {
    private final FabricPort port;
    private final Frame[] batch = new Frame[64];

    Sink(FabricPort port) {
      this.port = port;
    }

    @Override
    public int pump() {
      int got = port.receive(batch, batch.length);
      for (int i = 0; i < got; i++) {
        batch[i].release();
      }
      port.flush();
      return got;
    }

    @Override
    public boolean arm() {
      return port.arm();
    }

    @Override
    public long deadline() {
      return port.deadline();
    }
  }
}
