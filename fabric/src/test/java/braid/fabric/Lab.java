package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.SimClock;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Two nodes in virtual time: `a` has a user that dials the NIC `n0` of `b`; bytes move when the
/// lab moves them, in pieces of any size, and a wire can be cut anywhere.
final class Lab implements AutoCloseable {
  static final long MS = 1_000_000;
  static final Window WINDOW = new Window(64, 256 << 10, 256 << 10);

  final Arena arena = Arena.ofShared();
  final SimClock clock = new SimClock(1_000_000_000L);
  final RandomGenerator random;
  final List<FabricEvent> events = new ArrayList<>();
  final Window window;
  final Environment at;
  final Environment bt;
  final FabricPort a;
  final Sessions sessions;
  final Deque<FabricPort> opened = new ArrayDeque<>();
  final List<String> closed = new ArrayList<>();
  private static final int SMALL = 4096;
  private static final int LARGE = Frame.HEADER_BYTES + Frame.BYTES_MAX + 16;

  final FramePool pool;
  private FramePool largePool;
  final Frame[] batch = new Frame[64];

  /// Set while attempts to connect fail.
  boolean unreachable;

  /// Names in a's certificate as b sees it.
  Set<String> names = Set.of("a");

  /// The newest, and all.
  Wire wire;

  final List<Wire> wires = new ArrayList<>();
  int dials;
  int ringsOut;

  Lab() {
    this(1, WINDOW);
  }

  Lab(long seed, Window window) {
    this(seed, window, Timing.DEFAULT);
  }

  Lab(long seed, Window window, Timing timing) {
    this.window = window;
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    at = new Environment("a", window, timing, clock, random, e -> events.add(e));
    bt = new Environment("b", window, timing, clock, random, e -> events.add(e));
    sessions = new Sessions(bt, 4);
    sessions.serve("n0", handler());
    a = dialing("bond0", "n0");
    pool = new FramePool(arena.allocate(FramePool.bytesFor(256, SMALL), 64), SMALL, 0);
  }

  SessionHandler handler() {
    return new SessionHandler() {
      @Override
      public void opened(FabricPort session, PeerInfo peer) {
        session.announce(new LinkState(true, 1000));
        opened.add(session);
      }

      @Override
      public void closed(FabricPort session, PeerInfo peer, String reason) {
        closed.add(reason);
      }
    };
  }

  FabricPort dialing(String user, String nic) {
    RemoteNic remote = new RemoteNic("b", nic, InetSocketAddress.createUnresolved("b", 1));
    return FabricPort.dialing(
        user, remote, at, arena.allocate(window.memoryBytes(), 64), (to, port) -> dial(port));
  }

  private void dial(FabricPort port) {
    dials++;
    if (unreachable) {
      port.failed(new Ending(FabricEvent.Kind.UNREACHABLE, "no way"));
      return;
    }
    wire = wire();
    port.dialed(wire.near);
    sessions.accepted(wire.far);
  }

  Wire wire() {
    Wire made = new Wire();
    wires.add(made);
    return made;
  }

  /// The session's end on b.
  FabricPort b() {
    return opened.getLast();
  }

  /// Two connections joined: a's and b's view of one.
  final class Wire {
    final Connection near = connection("b");
    final Connection far = connection(names.toArray(String[]::new));
    long toFar;
    long toNear;
    boolean ended;

    private Connection connection(String... peer) {
      ringsOut++;
      return new Connection(
          new ByteRing(arena.allocate(window.ringBytes(), 64)),
          new ByteRing(arena.allocate(window.ringBytes(), 64)),
          () -> {},
          new Connection.Peer(Set.of(peer), InetSocketAddress.createUnresolved("peer", 2)),
          () -> ringsOut--);
    }

    /// Moves at most so many bytes each way, and what the ends decided about the connection.
    boolean move(int towardsFar, int towardsNear) {
      if (ended) {
        return false;
      }
      int there = move(near, far, towardsFar);
      int back = move(far, near, towardsNear);
      toFar += there;
      toNear += back;
      boolean leave =
          near.aborted()
              || far.aborted()
              || (near.hangingUp() && near.outgoing().readable() == 0)
              || (far.hangingUp() && far.outgoing().readable() == 0);
      if (leave) {
        cut();
      }
      return there + back > 0;
    }

    private int move(Connection from, Connection to, int most) {
      from.look();
      ByteRing out = from.outgoing();
      ByteRing in = to.incoming();
      int moved = 0;
      while (moved < most) {
        int part = Math.min(Math.min(out.contiguousReadable(), in.contiguousFree()), most - moved);
        if (part == 0) {
          break;
        }
        Memory.copy(out.takeAddress(), in.putAddress(), part);
        in.advance(part);
        out.consume(part);
        moved += part;
      }
      to.arrived();
      return moved;
    }

    /// Both ends lose it; what is under way is gone.
    void cut() {
      if (!ended) {
        ended = true;
        near.ended(new Ending(FabricEvent.Kind.LOST, "cut"));
        far.ended(new Ending(FabricEvent.Kind.LOST, "cut"));
      }
    }
  }

  /// Frames that came out of b's end, as their first numbers, each released at once.
  final List<Integer> got = new ArrayList<>();

  /// One turn of both nodes: they take what came, and put what is due. `b` gives its frames to
  /// [#got].
  void turn() {
    a.receive(batch, 0);
    a.flush();
    sessions.pump();
    if (!opened.isEmpty()) {
      take(b(), got);
    }
  }

  void take(FabricPort port, List<Integer> into) {
    for (int n = port.receive(batch, batch.length); n > 0; n = port.receive(batch, batch.length)) {
      for (int i = 0; i < n; i++) {
        into.add(number(batch[i]));
        batch[i].release();
      }
    }
    port.flush();
  }

  /// Turns and moves until nothing moves any more; answers that wait a little are awaited.
  void settle() {
    for (int quiet = 0; quiet < 3; ) {
      turn();
      quiet = wire != null && wire.move(Integer.MAX_VALUE, Integer.MAX_VALUE) ? 0 : quiet + 1;
      clock.advance(MS / 10);
    }
  }

  /// Lets time pass in small steps, settling at each.
  void pass(long nanos) {
    for (long left = nanos; left > 0; left -= 5 * MS) {
      clock.advance(Math.min(left, 5 * MS));
      settle();
    }
  }

  /// Connects, and forgets the events of it.
  Lab up() {
    settle();
    assertThat(a.connected()).isTrue();
    assertThat(b().connected()).isTrue();
    events.clear();
    return this;
  }

  Frame frame(int number, int length) {
    Frame frame = length < SMALL - 16 ? pool.take() : large();
    assertThat(frame).isNotNull();
    frame.plainHeader();
    frame.headLength(length);
    for (int i = 0; i < length; i++) {
      Memory.putByte(frame.head() + i, (byte) (number * 31 + i));
    }
    Memory.putShort(frame.head() + 12, (short) 0x0008); // IPv4
    Memory.putInt(frame.head() + 14, number);
    return frame;
  }

  private Frame large() {
    if (largePool == null) {
      largePool = new FramePool(arena.allocate(FramePool.bytesFor(64, LARGE), 64), LARGE, 0);
    }
    return largePool.take();
  }

  Frame ccm(int number) {
    Frame frame = frame(number, 90);
    Memory.putShort(frame.head() + 12, (short) 0x0289); // 0x8902
    return frame;
  }

  static int number(Frame frame) {
    return Memory.getInt(frame.head() + 14);
  }

  void send(FabricPort port, Frame... frames) {
    port.send(frames, frames.length);
    port.flush();
  }

  void send(FabricPort port, int from, int to, int length) {
    for (int i = from; i < to; i++) {
      send(port, frame(i, length));
    }
  }

  List<FabricEvent.Kind> kinds() {
    return events.stream().map(FabricEvent::kind).toList();
  }

  static long counter(FabricPort port, String name) {
    return port.counters().all().stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow()
        .get();
  }

  static List<Integer> numbers(int from, int to) {
    return java.util.stream.IntStream.range(from, to).boxed().toList();
  }

  @Override
  public void close() {
    a.close("end of test");
    sessions.close("end of test");
    sessions.pump();
    for (Wire each : wires) {
      each.cut();
    }
    assertThat(pool.balanced()).as("frames back in the pool").isTrue();
    assertThat(largePool == null || largePool.balanced()).as("large frames back").isTrue();
    assertThat(ringsOut).as("connections that nobody let go of").isZero();
    arena.close();
  }
}
