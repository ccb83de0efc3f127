package braid.cli;

import braid.guest.DmaMemory;
import braid.guest.TransportException;
import braid.guest.VhostUserTransport;
import braid.guest.VirtioNetPort;
import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.kernel.LinuxException;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.PipePort;
import braid.port.Pump;
import braid.port.Worker;
import braid.ssi.ActiveChange;
import braid.ssi.Bond;
import braid.ssi.BondConfig;
import braid.ssi.BondListener;
import braid.ssi.CcmInterval;
import braid.ssi.Continuity;
import braid.ssi.LocalAddresses;
import braid.ssi.MemberConfig;
import braid.ssi.MemberState;
import braid.ssi.MepPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/// A guest and a node in one process, for a moment: sessions begin, frames move, the uplink's
/// carrier goes and comes back, sessions end.
///
/// **Why.** A VMM stands still, its guest with it, from connecting until it is answered; and the
/// first session of a JVM takes a tenth of a second, because classes are loaded, system calls are
/// linked and everything is interpreted. So a node goes through all of that by itself before its
/// sockets appear. The same moment trains the archive of loaded classes (`braid --train`).
///
/// Nothing of it leaves the process but a socket in a directory of its own, which only this user
/// can enter.
///
/// **Thread**: one control thread; two workers of its own, which end with it.
final class Rehearsal implements AutoCloseable {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger("braid.rehearsal");
  private static final int SESSIONS = 3;
  private static final int CARRIER_LOSSES = 2;
  private static final int BATCHES = 16;
  private static final int BATCH = 16;
  private static final int MEMORY_BYTES = 8 << 20;
  private static final int QUEUE = 64;
  private static final int FRAME_BYTES = 2048;
  private static final int CONTROL_FRAMES = 128;
  private static final int CONTROL_FRAME_BYTES = 192;
  private static final int MTU = 1500;
  private static final int MAC_BYTES = 6;

  /// EtherType for local experiments (IEEE 802).
  private static final int EXPERIMENTAL = 0x88b5;

  private static final long GUEST_MAC = 0x0200_0000_0001L;
  private static final long NODE_MAC = 0x0200_0000_0002L;
  private static final long PEER_MAC = 0x0200_0000_0003L;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long LOOK_NANOS = 200_000;
  private static final BondListener NOBODY =
      new BondListener() {
        @Override
        public void activeChanged(ActiveChange change) {}

        @Override
        public void memberChanged(String member, MemberState from, MemberState to) {}
      };

  private final ClosingStack undo = new ClosingStack(LOG);
  private final Path socket;
  private final DmaMemory memory = undo.own(DmaMemory.shared(MEMORY_BYTES));
  private final FramePool frames =
      new FramePool(memory.take(FramePool.bytesFor(2 * BATCH, FRAME_BYTES), 64), FRAME_BYTES, 0);
  private final IoUring nodeRing = new IoUring(QUEUE);
  private final IoUring guestRing = new IoUring(QUEUE);
  private final Worker node = new Worker("rehearsal-node", Clock.SYSTEM, nodeRing, 0);
  private final Worker guest = new Worker("rehearsal-guest", Clock.SYSTEM, guestRing, 0);
  private final VhostNetPort device = new VhostNetPort("rehearsal", node.clock(), nodeRing);
  private final MepPort mep =
      new MepPort(device, Continuity.NODE, NODE_MAC, control(), node.clock());
  private final PipePort network = new PipePort("rehearsal-nic", "rehearsal-lan", 2 * QUEUE);
  private final PipePort host = new PipePort("rehearsal-host", "rehearsal-stack", 2 * QUEUE);
  private final Frame[] batch = new Frame[BATCH];
  private final byte[] content = content();

  private Rehearsal(Path socket) {
    this.socket = socket;
  }

  /// Goes through it once. A machine on which it fails is none on which a guest could be served,
  /// but that is for the guest's own session to say: here it is a warning.
  static void run() {
    Logger all = Logger.getLogger("braid");
    Logger driver = Logger.getLogger("braid.guest");
    Level before = all.getLevel();
    all.setLevel(Level.WARNING);
    // It may come back before the next session's server is there, and says so.
    driver.setLevel(Level.SEVERE);
    try {
      Path directory = Files.createTempDirectory("braid-rehearsal");
      try (Rehearsal rehearsal = new Rehearsal(directory.resolve("s"))) {
        rehearsal.perform();
      } finally {
        Files.deleteIfExists(directory.resolve("s"));
        Files.delete(directory);
      }
    } catch (IOException | LinuxException | TransportException | IllegalStateException failure) {
      LOG.warn("the first guest will wait longer than others: {}", failure.toString());
    } finally {
      all.setLevel(before);
      driver.setLevel(null);
    }
  }

  private FramePool control() {
    return new FramePool(
        memory.take(FramePool.bytesFor(CONTROL_FRAMES, CONTROL_FRAME_BYTES), 64),
        CONTROL_FRAME_BYTES,
        0);
  }

  /// The LAN: sends everything back to who sent it.
  private static final class Mirror implements Pump {
    private final PipePort port;
    private final Frame[] batch = new Frame[BATCH];

    Mirror(PipePort port) {
      this.port = port;
    }

    @Override
    public int pump() {
      int count = port.receive(batch, Math.min(batch.length, port.room()));
      for (int i = 0; i < count; i++) {
        turnRound(batch[i].head());
      }
      port.send(batch, count);
      return count;
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

  /// Exchanges destination and source of the Ethernet header there.
  private static void turnRound(long header) {
    for (int i = 0; i < MAC_BYTES; i++) {
      byte destination = Memory.getByte(header + i);
      Memory.putByte(header + i, Memory.getByte(header + MAC_BYTES + i));
      Memory.putByte(header + MAC_BYTES + i, destination);
    }
  }

  /// From the guest to a host on the LAN, of a type that nobody looks into.
  private static byte[] content() {
    return ByteBuffer.allocate(MTU / 2)
        .putShort((short) (PEER_MAC >>> 32))
        .putInt((int) PEER_MAC)
        .putShort((short) (GUEST_MAC >>> 32))
        .putInt((int) GUEST_MAC)
        .putShort((short) EXPERIMENTAL)
        .array();
  }

  private void perform() {
    node.add(new Cable(mep, network));
    node.add(new Mirror(network.far()));
    node.start();
    undo.own(this::endNode);
    VhostUserServer server = serve();
    VirtioNetPort driver = driver();
    Bond bond = bond(driver);
    guest.add(new Cable(host, bond));
    guest.start();
    undo.own(this::endGuest);
    undo.own(() -> guest.call(() -> close(driver)));
    for (int i = 0; i < SESSIONS; i++) {
      carrier(true);
      await("the path", () -> bond.link().up());
      traffic();
      for (int j = 0; j < CARRIER_LOSSES; j++) {
        carrier(false);
        await("the lost carrier", () -> !bond.link().up());
        carrier(true);
        await("the carrier", () -> bond.link().up());
      }
      server.close();
      await("the end of the session", () -> !driver.link().up());
      if (i + 1 < SESSIONS) {
        server = serve();
      }
    }
  }

  private VhostUserServer serve() {
    VhostUserServer server =
        new VhostUserServer(
            new VhostUserServer.Settings("rehearsal", socket, false, NetDevice.of(GUEST_MAC, MTU)),
            device,
            node,
            Clock.SYSTEM,
            () -> !node.call(mep::speaking));
    return undo.own(server).start();
  }

  private VirtioNetPort driver() {
    VhostUserTransport transport =
        VhostUserTransport.connect(socket, memory, GUEST_MAC, guest::submit, PATIENCE);
    VirtioNetPort driver =
        new VirtioNetPort(
            "rehearsal-driver",
            transport,
            memory,
            guest.clock(),
            new VirtioNetPort.Options(QUEUE, QUEUE / 2, 0));
    driver.open();
    guest.submit(() -> driver.watch(guestRing));
    return driver;
  }

  private Bond bond(VirtioNetPort driver) {
    BondConfig config =
        BondConfig.DEFAULT
            .withMonitors(Continuity.GUEST.every(CcmInterval.MS_3_33))
            .withHold(0, 0, BondConfig.DEFAULT.health().flapNanos());
    LocalAddresses host = LocalAddresses.of(GUEST_MAC);
    Bond bond = new Bond("rehearsal", host, config, control(), guest.clock(), NOBODY);
    bond.add(driver, new MemberConfig("rehearsal-member", GUEST_MAC, 0, 0));
    return bond;
  }

  private static boolean close(VirtioNetPort driver) {
    driver.close();
    return true;
  }

  private void endNode() {
    node.close();
    network.drain();
  }

  private void endGuest() {
    guest.close();
    host.drain();
  }

  private void carrier(boolean up) {
    node.submit(() -> mep.uplink(up ? LinkState.UP : LinkState.DOWN));
  }

  /// Batches there and back; which of them arrive is not the question.
  private void traffic() {
    for (int i = 0; i < BATCHES; i++) {
      guest.call(this::sendBatch);
      LockSupport.parkNanos(LOOK_NANOS);
      guest.call(this::takeBack);
    }
  }

  private int sendBatch() {
    int count = 0;
    for (Frame frame = frames.take(); frame != null && count < BATCH; frame = frames.take()) {
      frame.plainHeader();
      frame.write(content);
      batch[count++] = frame;
    }
    host.far().send(batch, count);
    return count;
  }

  private int takeBack() {
    int count = host.far().receive(batch, BATCH);
    for (int i = 0; i < count; i++) {
      batch[i].release();
    }
    return count;
  }

  private void await(String what, Callable<Boolean> condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!guest.call(condition)) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("rehearsal: " + what + " did not come");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  @Override
  public void close() {
    undo.close();
  }
}
