package braid.cli;

import braid.cli.control.CaptureFile;
import braid.cli.control.NodeEvent;
import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.TapPort;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.FaultyPort;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.Continuity;
import braid.ssi.EndConfig;
import braid.ssi.MepPort;
import braid.ssi.RateLimit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A guest in the running wiring: its device, and the way to the bond or NIC behind it.
///
/// ```
///   VMM ── vhost-user ── VhostNetPort ── MepPort ── Cable ── end of a switch
///                                       (FaultyPort)  TapPoint
/// ```
/// **Thread**: the control thread, except what is said to be the worker's.
final class GuestUnit {
  private static final Logger LOG = LoggerFactory.getLogger("braid.node");
  private static final int CONTROL_FRAMES = 16;
  private static final int COPY_FRAMES = 64;
  private static final long MEGABIT = 1_000_000;

  private final Engine engine;
  private final ClosingStack undo = new ClosingStack(LOG);
  private final VhostNetPort device;
  private final MepPort mep;
  private final SourceLock lock;
  private final TapPoint point;
  private final VhostUserServer server;
  private final LinkWatch watch;
  private final BiConsumer<GuestUnit, Boolean> attached;
  private volatile GuestSpec spec;
  private volatile String refusal = "";

  /// Of the guest: given, or learned; 0 while it is not known.
  private volatile long address;

  private Outlet outlet;
  private @Nullable Cable cable;

  private GuestUnit(
      Engine engine, GuestSpec spec, Outlet outlet, BiConsumer<GuestUnit, Boolean> attached) {
    this.engine = engine;
    this.spec = spec;
    this.outlet = outlet;
    this.attached = attached;
    this.address = spec.learns() ? 0 : spec.deviceMac();
    this.device = new VhostNetPort(spec.name(), engine.clock(), engine.ring());
    ControlFrames control = ControlFrames.of(CONTROL_FRAMES);
    undo.own(() -> control.retire(engine));
    this.mep =
        new MepPort(
            device,
            Continuity.NODE,
            Macs.of(spec.name() + "@" + spec.behind()),
            control.pool(),
            engine.clock());
    this.server =
        new VhostUserServer(
            new VhostUserServer.Settings(
                spec.name(),
                spec.socket(),
                spec.mode() == GuestSpec.Mode.CLIENT,
                NetDevice.of(spec.deviceMac(), spec.mtu())),
            device,
            engine.worker(),
            Clock.SYSTEM,
            // A guest that runs a continuity check is told by it, faster than by a lost socket.
            () -> refused() || !engine.call(mep::speaking));
    this.lock = new SourceLock(wrapped(mep), mep::speaking, this::learned, this::released);
    this.point = new TapPoint(lock);
    this.watch = new LinkWatch(device, this::deviceChanged);
  }

  /// Makes the device and plugs it in; nobody can connect yet.
  ///
  /// @param attached told on the control thread when the guest's driver is ready and its address
  ///                 known, and when it is gone
  /// @throws ConfigException when a file cannot be written or an address is taken
  static GuestUnit open(
      Engine engine, GuestSpec spec, Outlet outlet, BiConsumer<GuestUnit, Boolean> attached) {
    GuestUnit unit = new GuestUnit(engine, spec, outlet, attached);
    try {
      unit.record();
      unit.plugIn();
      engine.run(() -> engine.worker().add(unit.watch));
    } catch (RuntimeException e) {
      unit.undo.close();
      throw e;
    }
    return unit;
  }

  /// The socket answers from now on.
  void start() {
    directoryOf(spec.socket());
    server.link(linkToShow(engine.call(outlet::link)));
    server.start();
  }

  private static void directoryOf(Path socket) {
    try {
      Files.createDirectories(socket.toAbsolutePath().normalize().getParent());
    } catch (IOException e) {
      throw new ConfigException(
          "socket " + socket, "its directory cannot be made (" + e + ")", "Choose another place");
    }
  }

  /// The ports a user asked for between guest and switch.
  private Port wrapped(Port port) {
    Port outer = port;
    if (spec.drop() > 0) {
      int bytes = TapPort.FRAME_BYTES;
      MemorySegment memory = Engine.memory(FramePool.bytesFor(COPY_FRAMES, bytes));
      FramePool copies = new FramePool(memory, bytes, 0);
      undo.own(() -> engine.retire(memory, copies::balanced));
      FaultyPort faulty = new FaultyPort(outer, new Random(), copies);
      FaultyPort.Faults faults = new FaultyPort.Faults(spec.drop() / 100.0, 0, 0);
      faulty.inward(faults);
      faulty.outward(faults);
      LOG.warn("{}: {} % of its frames are dropped on purpose", spec, spec.drop());
      outer = faulty;
    }
    return outer;
  }

  /// The file a user asked for, which all frames are written to.
  private void record() {
    Path file = spec.pcap();
    if (file == null) {
      return;
    }
    try {
      undo.own(new CaptureFile(point, file));
    } catch (IOException e) {
      throw new ConfigException(
          spec.toString(),
          "pcap file " + file + " cannot be written (" + e + ")",
          "Choose another");
    }
  }

  private String endName() {
    return spec.name() + "@" + spec.behind().name();
  }

  private void plugIn() {
    Outlet into = outlet;
    try {
      engine.run(
          () -> {
            EndConfig end = endOf(spec, address);
            Cable made = new Cable(point, into.plug(endName(), end, this::linkChanged));
            engine.worker().add(made);
            cable = made;
          });
    } catch (IllegalArgumentException e) {
      throw new ConfigException(spec.toString(), String.valueOf(e.getMessage()), "Change one");
    }
  }

  private void unplug() {
    Cable old = cable;
    cable = null;
    if (old != null) {
      engine.run(
          () -> {
            engine.worker().remove(old);
            outlet.unplug(endName());
          });
    }
  }

  /// What a guest may send, and what it sees.
  ///
  /// @param address of the guest, 0 while it is not known
  static EndConfig endOf(GuestSpec spec, long address) {
    List<Long> macs = new ArrayList<>();
    if (spec.antiSpoof() && address != 0) {
      macs.add(address);
      spec.allow().stream().filter(mac -> mac != address).forEach(macs::add);
    }
    RateLimit sending =
        spec.rateMbps() == 0 ? RateLimit.NONE : RateLimit.of(spec.rateMbps() * MEGABIT);
    EndConfig end = EndConfig.guest(macs.stream().mapToLong(Long::longValue).toArray());
    return end.vlan(spec.vlan()).trunk(spec.vlan() == 0).limits(sending, RateLimit.NONE);
  }

  /// On the worker: the first address that a guest without a configured one uses.
  private boolean learned(long mac) {
    if (!spec.learns()) {
      return true;
    }
    try {
      outlet.hub().configure(endName(), endOf(spec, mac));
    } catch (IllegalArgumentException e) {
      engine.later(() -> refuse("its address is another guest's: " + e.getMessage()));
      return true;
    }
    address = mac;
    engine.later(() -> attached.accept(this, true));
    return true;
  }

  /// On the worker: the guest has a bond of its own (`braid guest`), so what was learned of it says
  /// nothing.
  private void released() {
    if (spec.learns()) {
      outlet.hub().configure(endName(), endOf(spec, 0));
      address = 0;
      engine.later(() -> attached.accept(this, false));
    }
  }

  /// On the worker: the link behind changed.
  private void linkChanged(LinkState state) {
    // The guest's own check first: it is the fastest way.
    mep.uplink(state);
    engine.later(() -> server.link(linkToShow(state)));
  }

  private LinkState linkToShow(LinkState state) {
    return refused() ? LinkState.DOWN : state;
  }

  /// On the worker: the guest's driver came or went.
  private void deviceChanged(LinkState state) {
    boolean up = state.up();
    if (!up && spec.learns()) {
      // Another guest may follow.
      lock.open();
      outlet.hub().configure(endName(), endOf(spec, 0));
    }
    engine
        .events()
        .publish(
            up
                ? new NodeEvent.GuestAttached(spec.name())
                : new NodeEvent.GuestDetached(spec.name(), "the driver or its front-end left"));
    engine.later(() -> driver(up));
  }

  private void driver(boolean up) {
    if (!up) {
      attached.accept(this, false);
      refuse("");
      address = spec.learns() ? 0 : spec.deviceMac();
    } else if (address != 0) {
      attached.accept(this, true);
    }
  }

  /// Becomes what the next configuration says while the guest goes on: only what is in front of the
  /// device may differ ([GuestSpec#sameDevice]).
  void rewire(GuestSpec next, Outlet other) {
    unplug();
    spec = next;
    outlet = other;
    if (!refused()) {
      plugIn();
    }
  }

  /// Keeps the guest off the network, or lets it on again.
  ///
  /// @param why empty to let it on
  void refuse(String why) {
    if (why.equals(refusal)) {
      return;
    }
    boolean before = refused();
    refusal = why;
    if (!why.isEmpty()) {
      engine.events().publish(new NodeEvent.GuestRefused(spec.name(), why));
    }
    if (before == refused()) {
      return;
    }
    if (refused()) {
      unplug();
      server.link(LinkState.DOWN);
    } else {
      plugIn();
      LOG.info("{}: is let on the network", spec);
    }
  }

  private boolean refused() {
    return !refusal.isEmpty();
  }

  /// Why it is kept off the network, empty when it is not; any thread.
  String refusal() {
    return refusal;
  }

  /// The guest's address, 0 while it is not known; any thread.
  long address() {
    return address;
  }

  /// As it is configured now; any thread.
  GuestSpec spec() {
    return spec;
  }

  /// Its driver is ready; the worker.
  boolean ready() {
    return device.link().up();
  }

  /// Where its frames can be watched.
  TapPoint point() {
    return point;
  }

  /// On the worker: ends its session when the fault is its memory's.
  boolean onFault(Throwable fault) {
    return server.onFault(fault);
  }

  /// The device and its server's counters, for the log.
  String counted() {
    return Counters.text(device) + " " + Counters.text(server.counters());
  }

  /// Ends its session and takes it out.
  void close() {
    server.close();
    unplug();
    engine.run(() -> engine.worker().remove(watch));
    undo.close();
  }

  /// Arguments for a VMM, ready to paste.
  String instructions() {
    return """
    # guest %1$s, QEMU (7.2 without KVM: add vectors=0 to the device):
    -object memory-backend-memfd,id=mem,size=1G,share=on -machine memory-backend=mem -m 1G \\
    -chardev socket,id=%1$s,path=%2$s,%3$s \\
    -netdev vhost-user,id=%1$s,chardev=%1$s,queues=1 \\
    -device virtio-net-pci,netdev=%1$s,mac=%4$s
    """
        .formatted(
            spec.name(),
            spec.socket().toAbsolutePath(),
            spec.mode() == GuestSpec.Mode.CLIENT ? "server=on" : "reconnect=1",
            Macs.text(spec.deviceMac()));
  }

  /// What it says at the start.
  String describe() {
    return "guest " + spec.name() + " at " + spec.socket() + " on " + spec.behind();
  }

  /// The device as a port, for status.
  List<Port> ports() {
    return List.of(device);
  }

  @Override
  public String toString() {
    return spec.toString();
  }
}
