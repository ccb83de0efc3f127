package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Cable;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.Worker;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two TAPs with the kernel between them: as members of one bridge, or as the wire of two
/// namespaces with a cable of ours in the middle.
@Tag("real")
@Timeout(120)
class TapPortTest {
  private static final long SENDER = 0x02_00_00_00_0a_01L;
  private static final int POOL = 160;

  private int taps;
  private Namespace space;

  private final Arena arena = Arena.ofAuto();
  private final List<AutoCloseable> closed = new ArrayList<>();
  private final IoUring ring = new IoUring(1024);
  private final FramePool own =
      new FramePool(arena.allocate(FramePool.bytesFor(300, 2048), 64), 2048, Frame.PIECES_MAX);
  private final Frame[] batch = new Frame[300];

  private <T extends AutoCloseable> T last(T resource) {
    closed.addFirst(resource);
    return resource;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : closed) {
      resource.close();
    }
    ring.close();
  }

  private Tap newTap() {
    return Tap.open("bt" + ++taps + "-" + ProcessHandle.current().pid());
  }

  private TapPort port(Tap tap, int frames) {
    MemorySegment memory = arena.allocate(TapPort.memoryFor(frames), 64);
    return new TapPort(tap.name(), tap, ring, Clock.SYSTEM, memory);
  }

  /// Two ports whose TAPs are members of one bridge in a namespace.
  private TapPort[] bridged(int frames) {
    ring.start();
    space = last(new Namespace("brd-tap"));
    space.exec("ip link add br0 type bridge mcast_snooping 0");
    space.exec("ip link set br0 up");
    TapPort[] ports = new TapPort[2];
    for (int i = 0; i < 2; i++) {
      Tap tap = newTap();
      ports[i] = last(port(tap, frames));
      space.take(tap);
      space.exec("ip link set " + tap.name() + " master br0");
    }
    return ports;
  }

  /// An Ethernet frame of a private ethertype with random bytes.
  private byte[] ether(int length, Random random) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (i == 0 ? 2 : 0x0b);
      bytes[6 + i] = (byte) (SENDER >>> (40 - 8 * i));
    }
    bytes[12] = (byte) 0x88;
    bytes[13] = (byte) 0xb5;
    return bytes;
  }

  private Frame frame(byte[] bytes) {
    Frame frame = own.take();
    frame.write(bytes);
    return frame;
  }

  private void turn() {
    if (ring.poll() == 0) {
      ring.await(10_000_000);
    }
  }

  /// Receives frames of [#SENDER]; what else the kernel sends is released.
  private List<Frame> receive(TapPort from, int count) {
    List<Frame> got = new ArrayList<>();
    for (int i = 0; i < 1000 && got.size() < count; i++) {
      int n = from.receive(batch, 64);
      for (int k = 0; k < n; k++) {
        if (batch[k].mac(6) == SENDER) {
          got.add(batch[k]);
        } else {
          batch[k].release();
        }
      }
      if (n == 0) {
        turn();
      }
    }
    assertThat(got).hasSize(count);
    return got;
  }

  private static long drops(TapPort port) {
    return port.counters().all().stream()
        .filter(c -> c.name().startsWith("tx_drop"))
        .mapToLong(Counter::get)
        .sum();
  }

  private static long drops(TapPort port, String name) {
    return port.counters().all().stream()
        .filter(c -> c.name().equals("tx_drop_" + name))
        .mapToLong(Counter::get)
        .sum();
  }

  @Test
  void framesCrossTheKernelInOrderAndUnchangedWhereverTheirBytesLie() {
    TapPort[] ports = bridged(POOL);
    long seed = 20250;
    Random random = new Random(seed);
    MemorySegment elsewhere = arena.allocate(200 * 2048L, 64);
    List<byte[]> sent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] bytes = ether(60 + random.nextInt(1440), random);
      sent.add(bytes);
      Frame frame = own.take();
      int head = i % 3 == 0 ? bytes.length : 14 + random.nextInt(46);
      frame.plainHeader();
      Memory.write(bytes, 0, frame.head(), head);
      frame.headLength(head);
      long at = elsewhere.address() + i * 2048L;
      Memory.write(bytes, head, at, bytes.length - head);
      int pieces = 1 + random.nextInt(5);
      int part = (bytes.length - head) / pieces;
      for (int p = 0; p < pieces && head < bytes.length; p++) {
        int length = p == pieces - 1 ? bytes.length - head - p * part : part;
        frame.addPiece(at + (long) p * part, length);
      }
      batch[i] = frame;
    }
    ports[0].send(batch, 100);
    assertThat(ports[0].inFlight()).isEqualTo(100);
    List<Frame> got = receive(ports[1], 100);
    assertThat(own.balanced()).as("seed " + seed).isTrue();
    for (int i = 0; i < 100; i++) {
      assertThat(got.get(i).toBytes()).as("frame " + i + ", seed " + seed).isEqualTo(sent.get(i));
      assertThat(Memory.getShort(got.get(i).base() + 10)).isEqualTo((short) 1);
      got.get(i).release();
    }
    assertThat(ports[0].counters().txFrames.get()).isEqualTo(100);
    assertThat(drops(ports[0])).isZero();
  }

  @Test
  void aTcpFrameOf60KilobytesStaysWhole() {
    TapPort[] ports = bridged(POOL);
    int payload = 60_000;
    byte[] bytes = ether(54 + payload, new Random(7));
    tcpHeader(bytes);
    Frame frame = own.take();
    frame.plainHeader();
    Memory.putByte(frame.base(), (byte) 1); // NEEDS_CSUM
    Memory.putByte(frame.base() + 1, (byte) 1); // TCPV4
    Memory.putShort(frame.base() + 2, (short) 54);
    Memory.putShort(frame.base() + 4, (short) 1448);
    Memory.putShort(frame.base() + 6, (short) 34);
    Memory.putShort(frame.base() + 8, (short) 16);
    Memory.write(bytes, 0, frame.head(), 54);
    frame.headLength(54);
    MemorySegment rest = arena.allocate(payload);
    Memory.write(bytes, 54, rest.address(), payload);
    for (int at = 0; at < payload; at += 4096) {
      frame.addPiece(rest.address() + at, Math.min(4096, payload - at));
    }
    batch[0] = frame;
    ports[0].send(batch, 1);
    Frame got = receive(ports[1], 1).getFirst();
    assertThat(got.length()).isEqualTo(54 + payload);
    assertThat(Memory.getByte(got.base() + 1)).as("gso_type").isEqualTo((byte) 1);
    assertThat(Memory.getShort(got.base() + 4)).as("gso_size").isEqualTo((short) 1448);
    byte[] out = got.toBytes();
    assertThat(out).isEqualTo(bytes);
    got.release();
  }

  private static void tcpHeader(byte[] b) {
    b[12] = 8;
    b[13] = 0;
    int total = b.length - 14;
    byte[] ip = {
      0x45,
      0,
      (byte) (total >> 8),
      (byte) total,
      0,
      1,
      0x40,
      0,
      64,
      6,
      0,
      0,
      10,
      1,
      0,
      1,
      10,
      1,
      0,
      2
    };
    int sum = 0;
    for (int i = 0; i < 20; i += 2) {
      sum += (ip[i] & 0xff) << 8 | (ip[i + 1] & 0xff);
    }
    sum = ~((sum & 0xffff) + (sum >> 16));
    ip[10] = (byte) (sum >> 8);
    ip[11] = (byte) sum;
    System.arraycopy(ip, 0, b, 14, 20);
    b[46] = 0x50; // data offset 5 words
    b[47] = 0x10; // ACK
  }

  @Test
  void withoutRoomFramesAreDroppedAndCounted() {
    TapPort[] ports = bridged(16);
    assertThat(ports[0].room()).isEqualTo(TapPort.WRITES_MAX);
    Random random = new Random(1);
    int count = TapPort.WRITES_MAX + 10;
    for (int i = 0; i < count; i++) {
      batch[i] = frame(ether(60, random));
    }
    ports[0].send(batch, count);
    assertThat(ports[0].room()).isZero();
    assertThat(drops(ports[0], "full")).isEqualTo(10);
    ports[0].drain();
    assertThat(own.balanced()).isTrue();
    assertThat(ports[0].counters().txFrames.get()).isEqualTo(TapPort.WRITES_MAX);
  }

  @Test
  void anInterfaceThatIsDownAndAHeaderThatIsWrongAreCountedApart() {
    TapPort[] ports = bridged(16);
    Random random = new Random(2);
    batch[0] = frame(ether(60, random));
    Memory.putByte(batch[0].base() + 1, (byte) 0x55);
    ports[0].send(batch, 1);
    ports[0].drain();
    assertThat(drops(ports[0], "header_invalid")).isEqualTo(1);
    space.exec("ip link set " + ports[0].tap().name() + " down");
    batch[0] = frame(ether(60, random));
    ports[0].send(batch, 1);
    ports[0].drain();
    assertThat(drops(ports[0], "interface_down")).isEqualTo(1);
    assertThat(drops(ports[0])).isEqualTo(2);
    assertThat(own.balanced()).isTrue();
  }

  @Test
  void aDeletedInterfaceIsADeadLinkUntilAnotherTapIsAttached() {
    TapPort[] ports = bridged(16);
    TapPort port = ports[0];
    assertThat(port.link()).isEqualTo(LinkState.UP);
    port.receive(batch, 64);
    space.exec("ip link del " + port.tap().name());
    for (int i = 0; i < 1000 && !port.gone(); i++) {
      int n = port.receive(batch, 64);
      for (int k = 0; k < n; k++) {
        batch[k].release();
      }
      turn();
    }
    assertThat(port.gone()).isTrue();
    assertThat(port.link()).isEqualTo(LinkState.DOWN);
    assertThat(port.arm()).as("nothing to stay awake for").isFalse();
    batch[0] = frame(ether(60, new Random(3)));
    port.send(batch, 1);
    port.drain();
    assertThat(drops(port)).isEqualTo(1);

    Tap other = newTap();
    port.attach(other);
    space.take(other);
    space.exec("ip link set " + other.name() + " master br0");
    assertThat(port.link()).isEqualTo(LinkState.UP);
    batch[0] = frame(ether(60, new Random(3)));
    port.send(batch, 1);
    receive(ports[1], 1).getFirst().release();
  }

  @Test
  void whenAllFramesAreOutThePortAsksToBeLookedAtSoonAndGoesOn() {
    TapPort[] ports = bridged(2);
    Random random = new Random(4);
    for (int i = 0; i < 5; i++) {
      batch[i] = frame(ether(60, random));
    }
    ports[0].send(batch, 5);
    List<Frame> held = receive(ports[1], 2);
    assertThat(ports[1].receive(batch, 64)).isZero();
    assertThat(ports[1].arm()).isFalse();
    assertThat(ports[1].deadline()).isLessThan(Long.MAX_VALUE);
    held.forEach(Frame::release);
    held = receive(ports[1], 2);
    held.forEach(Frame::release);
    receive(ports[1], 1).forEach(Frame::release);
    while (ports[1].receive(batch, 64) > 0) {
      batch[0].release();
    }
    assertThat(ports[1].arm()).isFalse();
    assertThat(ports[1].deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void tcpBetweenTwoNamespacesRunsThroughACableWithoutLossOrCutting() throws Exception {
    Namespace left = last(new Namespace("brd-left"));
    Namespace right = last(new Namespace("brd-right"));
    Worker worker = new Worker("tap-test", Clock.SYSTEM, ring, 20_000);
    TapPort a = port(newTap(), POOL);
    TapPort b = port(newTap(), POOL);
    left.take(a.tap());
    right.take(b.tap());
    left.exec("ip addr add 10.213.0.1/24 dev " + a.tap().name());
    right.exec("ip addr add 10.213.0.2/24 dev " + b.tap().name());
    worker.add(new Cable(a, b));
    int bytes = 48 << 20;
    try (Worker started = worker.start()) {
      ServerSocket server = right.run(() -> new ServerSocket(7000)).get(20, TimeUnit.SECONDS);
      CompletableFuture<byte[]> received = right.run(() -> digestOf(server, bytes));
      byte[] sent = left.run(() -> send(bytes)).get(90, TimeUnit.SECONDS);
      assertThat(received.get(90, TimeUnit.SECONDS)).isEqualTo(sent);
      server.close();
      assertThat(started.failure()).isNull();
    }
    a.close();
    b.close();
    assertThat(drops(a) + drops(b)).isZero();
    assertThat(b.counters().txFrames.get()).isEqualTo(a.counters().rxFrames.get());
    assertThat(a.counters().rxBytes.get()).isGreaterThan(bytes);
    assertThat(a.counters().rxFrames.get()).as("uncut").isLessThan(bytes / 3000);
  }

  private static byte[] send(int bytes) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] chunk = new byte[64 * 1024];
    Random random = new Random(99);
    try (Socket socket = new Socket(InetAddress.getByName("10.213.0.2"), 7000)) {
      for (int at = 0; at < bytes; at += chunk.length) {
        random.nextBytes(chunk);
        digest.update(chunk);
        socket.getOutputStream().write(chunk);
      }
    }
    return digest.digest();
  }

  private static byte[] digestOf(ServerSocket server, int bytes)
      throws IOException, java.security.NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      byte[] chunk = new byte[64 * 1024];
      int total = 0;
      for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
        digest.update(chunk, 0, n);
        total += n;
      }
      assertThat(total).isEqualTo(bytes);
    }
    return digest.digest();
  }

  @Test
  void aFrameInEachDirectionAllocatesNothing() {
    TapPort[] ports = bridged(POOL);
    byte[] bytes = ether(60, new Random(5));
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long smallest = Long.MAX_VALUE;
    for (int round = 0; round < 2000 && smallest >= 1000; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      int got = 0;
      for (int i = 0; i < 256; i++) {
        Frame frame = own.take();
        frame.write(bytes);
        batch[0] = frame;
        ports[0].send(batch, 1);
        ring.poll();
        int n = ports[1].receive(batch, 64);
        for (int k = 0; k < n; k++) {
          batch[k].release();
        }
        got += n;
      }
      smallest = Math.min(smallest, threads.getCurrentThreadAllocatedBytes() - before);
      assertThat(got).isPositive();
    }
    assertThat(smallest).as("bytes in 256 frames").isLessThan(1000);
  }
}
