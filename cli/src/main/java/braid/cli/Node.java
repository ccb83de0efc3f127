package braid.cli;

import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.kernel.Link;
import braid.kernel.LinkMonitor;
import braid.kernel.LinuxException;
import braid.kernel.Netlink;
import braid.kernel.Tap;
import braid.kernel.TapPort;
import braid.kernel.Urgency;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.FaultyPort;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.PcapPort;
import braid.port.Port;
import braid.port.Worker;
import braid.ssi.Continuity;
import braid.ssi.MepPort;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running node: guests' devices on one side, this host's NICs on the other.
///
/// ```
///   VMM ── vhost-user ── VhostNetPort ── MepPort ── Cable ── TapPort ── brd-a0 ── br0 ── eth0
///                                      (FaultyPort, PcapPort)
/// ```
/// **Order of start**: interfaces, ports, worker, link events, and the sockets last: QEMU stands
/// still from connecting until it is answered. **Order of end**: the reverse; what the node made
/// it removes.
///
/// **Threads**: one control thread starts and closes it; one worker owns all ports; the link
/// monitor and one thread per socket post commands.
final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final int RING_OPERATIONS = 4096;
  private static final int TAP_FRAMES = 128;
  private static final int CONTROL_FRAMES = 16;
  private static final int CONTROL_FRAME_BYTES = 192;
  private static final int COPY_FRAMES = 64;

  /// A guest and the NIC behind it.
  private record Line(
      NodeConfig.Guest guest,
      NodeConfig.Nic nic,
      MepPort mep,
      VhostUserServer server,
      List<Port> counted) {
    /// The interface whose carrier counts.
    String watched() {
      return nic.uplink() == null ? nic.tap() : nic.uplink();
    }
  }

  private final NodeConfig config;
  private final ClosingStack undo = new ClosingStack(LOG);
  private final List<Line> lines = new ArrayList<>();
  private final Map<String, Boolean> carriers = new LinkedHashMap<>();
  private final IoUring ring = new IoUring(RING_OPERATIONS);
  private final Worker worker;
  private final Arena arena = Arena.ofShared();

  private Node(NodeConfig config, Runnable failed) {
    this.config = config;
    this.worker = new Worker("braid", Clock.SYSTEM, ring, config.spinMicros() * 1_000L);
    worker.faults(
        fault -> {
          // Every one is asked: two guests may have shrunk their memory at once.
          boolean handled = false;
          for (Line line : lines) {
            handled |= line.server.onFault(fault);
          }
          if (!handled) {
            failed.run();
          }
          return handled;
        });
    // Closed last: ports' frames lie in it.
    undo.own(arena);
  }

  /// Starts a node; when this returns every socket answers.
  ///
  /// @param failed called when the node can no longer work
  /// @throws LinuxException  when the kernel refuses
  /// @throws ConfigException when a file or interface named in the configuration is not there
  static Node start(NodeConfig config, Runnable failed) {
    Node node = new Node(config, failed);
    try {
      node.open();
      return node;
    } catch (RuntimeException e) {
      node.close();
      throw e;
    }
  }

  private void open() {
    try (Netlink netlink = new Netlink()) {
      for (NodeConfig.Guest guest : config.guests()) {
        NodeConfig.Nic nic =
            config.nics().stream()
                .filter(n -> n.name().equals(guest.nic()))
                .findFirst()
                .orElseThrow();
        line(netlink, guest, nic);
      }
      lines.forEach(
          line -> carriers.put(line.watched(), netlink.requireLink(line.watched()).carrier()));
    }
    lines.forEach(line -> line.mep.uplink(state(line)));
    undo.own(worker);
    worker.start();
    worker.submit(Urgency::raise);
    Rehearsal.run();
    undo.own(LinkMonitor.start(this::linkChanged));
    for (Line line : lines) {
      line.server.link(state(line).up());
      directoryOf(line.guest.socket());
      undo.own(line.server).start();
    }
    LOG.info(
        "node is ready: {}", lines.stream().map(Node::describe).collect(Collectors.joining(", ")));
  }

  private static String describe(Line line) {
    return "guest " + line.guest.name() + " at " + line.guest.socket() + " on " + line.nic.tap();
  }

  private void line(Netlink netlink, NodeConfig.Guest guest, NodeConfig.Nic nic) {
    Tap tap = Tap.open(nic.tap());
    TapPort tapPort =
        undo.own(
            new TapPort(
                nic.name(), tap, ring, worker.clock(), memory(TapPort.memoryFor(TAP_FRAMES))));
    plug(netlink, nic, guest.mtu());
    VhostNetPort guestPort = new VhostNetPort(guest.name(), worker.clock(), ring);
    FramePool control =
        new FramePool(
            memory(FramePool.bytesFor(CONTROL_FRAMES, CONTROL_FRAME_BYTES)),
            CONTROL_FRAME_BYTES,
            0);
    MepPort mep =
        new MepPort(
            guestPort,
            Continuity.NODE,
            NodeConfig.macOf(guest.name() + "@" + nic.tap()),
            control,
            worker.clock());
    VhostUserServer server =
        new VhostUserServer(
            new VhostUserServer.Settings(
                guest.name(),
                guest.socket(),
                guest.mode() == NodeConfig.Mode.CLIENT,
                NetDevice.of(guest.mac(), guest.mtu())),
            guestPort,
            worker,
            Clock.SYSTEM,
            // A guest that runs a continuity check is told by it, faster than by a lost socket.
            () -> !worker.call(mep::speaking));
    worker.add(new Cable(wrapped(mep, guest), tapPort));
    lines.add(new Line(guest, nic, mep, server, List.of(guestPort, tapPort)));
  }

  /// The ports a user asked for between guest and NIC.
  private Port wrapped(Port port, NodeConfig.Guest guest) {
    Port outer = port;
    if (guest.drop() > 0) {
      int bytes = TapPort.FRAME_BYTES;
      FaultyPort faulty =
          new FaultyPort(
              outer,
              new Random(),
              new FramePool(memory(FramePool.bytesFor(COPY_FRAMES, bytes)), bytes, 0));
      FaultyPort.Faults faults = new FaultyPort.Faults(guest.drop() / 100.0, 0, 0);
      faulty.inward(faults);
      faulty.outward(faults);
      LOG.warn("guest {}: {} % of its frames are dropped on purpose", guest.name(), guest.drop());
      outer = faulty;
    }
    return guest.pcap() == null ? outer : recorded(outer, guest.pcap(), guest.name());
  }

  private Port recorded(Port port, Path file, String guest) {
    try {
      return undo.own(new PcapPort(port, file, Clock.sinceEpoch()));
    } catch (IOException e) {
      throw new ConfigException(
          "guest " + guest,
          "pcap file " + file + " cannot be written (" + e + ")",
          "Choose another");
    }
  }

  private void plug(Netlink netlink, NodeConfig.Nic nic, int mtu) {
    int tap = netlink.requireLink(nic.tap()).index();
    netlink.setMtu(tap, mtu);
    String bridge = nic.bridge();
    if (bridge == null) {
      netlink.setUp(tap, true);
      return;
    }
    String uplink = nic.uplink();
    if (uplink != null && netlink.link(uplink).isEmpty()) {
      throw new ConfigException(
          "nic " + nic.name(),
          "there is no interface '" + uplink + "' to be its uplink",
          Field.didYouMean(uplink, netlink.links().stream().map(Link::name).toList()));
    }
    if (netlink.createBridge(bridge)) {
      int made = netlink.requireLink(bridge).index();
      undo.own(() -> remove(made));
    }
    netlink.join(nic.tap(), bridge);
    if (uplink != null) {
      netlink.join(uplink, bridge);
    }
  }

  private static void remove(int index) {
    try (Netlink netlink = new Netlink()) {
      netlink.delete(index);
    }
  }

  private static void directoryOf(Path socket) {
    try {
      Files.createDirectories(socket.toAbsolutePath().normalize().getParent());
    } catch (IOException e) {
      throw new ConfigException(
          "socket " + socket, "its directory cannot be made (" + e + ")", "Choose another place");
    }
  }

  private MemorySegment memory(long bytes) {
    return arena.allocate(bytes, 64);
  }

  /// On the monitor's thread: an interface changed.
  private void linkChanged(Link link, boolean present) {
    for (Line line : lines) {
      if (line.watched().equals(link.name())) {
        boolean up = present && link.carrier();
        Boolean before;
        synchronized (carriers) {
          before = carriers.put(link.name(), up);
        }
        if (before == null || before != up) {
          // The guest's own check first: it is the fastest way.
          worker.submit(() -> line.mep.uplink(up ? LinkState.UP : LinkState.DOWN));
          line.server.link(up);
          LOG.info(
              "nic {}: {} {}",
              line.nic.name(),
              link.name(),
              present ? (up ? "has carrier" : "lost its carrier") : "is gone");
        }
      }
    }
  }

  private LinkState state(Line line) {
    synchronized (carriers) {
      return Boolean.TRUE.equals(carriers.get(line.watched())) ? LinkState.UP : LinkState.DOWN;
    }
  }

  /// The worker stopped by itself.
  boolean failed() {
    return worker.failure() != null;
  }

  /// Arguments for a VMM, ready to paste.
  String instructions() {
    StringBuilder text = new StringBuilder();
    for (Line line : lines) {
      NodeConfig.Guest guest = line.guest;
      boolean client = guest.mode() == NodeConfig.Mode.CLIENT;
      text.append(
          """
          # guest %1$s, QEMU (7.2 without KVM: add vectors=0 to the device):
          -object memory-backend-memfd,id=mem,size=1G,share=on -machine memory-backend=mem -m 1G \\
          -chardev socket,id=%1$s,path=%2$s,%3$s \\
          -netdev vhost-user,id=%1$s,chardev=%1$s,queues=1 \\
          -device virtio-net-pci,netdev=%1$s,mac=%4$s
          """
              .formatted(
                  guest.name(),
                  guest.socket().toAbsolutePath(),
                  client ? "server=on" : "reconnect=1",
                  NodeConfig.macText(guest.mac())));
    }
    return text.toString();
  }

  private void logCounters() {
    for (Line line : lines) {
      for (Port port : line.counted) {
        LOG.info("{}: {}", port.name(), Counters.text(port));
      }
      LOG.info("{}: {}", line.guest.name(), Counters.text(line.server.counters()));
    }
  }

  /// Takes everything down in reverse order.
  @Override
  public void close() {
    boolean started = !lines.isEmpty();
    undo.close();
    if (started) {
      logCounters();
    }
  }
}
