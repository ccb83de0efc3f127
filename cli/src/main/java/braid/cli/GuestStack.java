package braid.cli;

import braid.guest.DmaMemory;
import braid.guest.Offloads;
import braid.guest.VfioNics;
import braid.guest.VirtioNetPort;
import braid.guest.VirtioPciTransport;
import braid.kernel.IoUring;
import braid.kernel.LinuxException;
import braid.kernel.Netlink;
import braid.kernel.PciFunction;
import braid.kernel.Tap;
import braid.kernel.TapPort;
import braid.kernel.Urgency;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.FramePool;
import braid.port.Port;
import braid.port.Worker;
import braid.ssi.ActiveChange;
import braid.ssi.Bond;
import braid.ssi.BondConfig;
import braid.ssi.BondListener;
import braid.ssi.LocalAddresses;
import braid.ssi.MemberConfig;
import braid.ssi.MemberState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `ssi0`: this machine's virtio NICs, driven from here, bonded, presented to the kernel as one
/// TAP.
///
/// ```
///   kernel ── ssi0 (TAP) ── Cable ── Bond ─┬─ VirtioNetPort n0 ── VFIO
///                                          └─ VirtioNetPort n1 ── VFIO
/// ```
/// All frames lie in one DMA area, so a frame that the kernel sends is read once from the TAP and
/// never copied again.
///
/// **Thread**: one control thread starts and closes it; one worker owns the ports.
final class GuestStack implements AutoCloseable, BondListener {
  /// What it is told.
  ///
  /// @param name      of the interface
  /// @param nics      PCI addresses, empty for all virtio NICs
  /// @param bond      the bond's settings
  /// @param spinNanos how long the worker looks again before it sleeps
  record Options(String name, List<String> nics, BondConfig bond, long spinNanos) {}

  private static final Logger LOG = LoggerFactory.getLogger("braid.guest");
  private static final int TAP_FRAMES = 192;
  private static final int CONTROL_FRAMES = 256;
  private static final int CONTROL_FRAME_BYTES = 192;
  private static final int RING_OPERATIONS = 1024;

  private final Options options;
  private final ClosingStack undo = new ClosingStack(LOG);
  private final List<Port> counted = new ArrayList<>();
  private final List<VirtioNetPort> ports = new ArrayList<>();
  private final IoUring ring = new IoUring(RING_OPERATIONS);
  private final Worker worker;
  private final ExecutorService log =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("braid-bond-log").factory());

  private GuestStack(Options options, Runnable failed) {
    this.options = options;
    undo.own(log);
    this.worker = new Worker("braid", Clock.SYSTEM, ring, options.spinNanos);
    worker.faults(
        fault -> {
          failed.run();
          return false;
        });
  }

  /// Takes the NICs and brings the interface up.
  ///
  /// @param failed called when the worker stopped by itself
  /// @throws ConfigException when there is no NIC, or not the one named
  /// @throws LinuxException  when the kernel refuses
  static GuestStack start(Options options, Runnable failed) {
    GuestStack stack = new GuestStack(options, failed);
    try {
      stack.open();
      return stack;
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private void open() {
    List<PciFunction> functions = functions();
    DmaMemory memory = undo.own(DmaMemory.pinned(DmaMemory.BYTES_DEFAULT));
    VfioNics nics = undo.own(VfioNics.open(functions, memory));
    Bond bond = bond(memory, nics);
    Tap tap = Tap.open(options.name);
    TapPort tapPort =
        new TapPort(
            options.name,
            tap,
            ring,
            worker.clock(),
            memory.take(TapPort.memoryFor(TAP_FRAMES), 4096));
    undo.own(tapPort);
    Offloads offloads =
        ports.stream().map(VirtioNetPort::offloads).reduce(Offloads.ALL, Offloads::and);
    tap.offload(offloads.checksum(), offloads.tso4(), offloads.tso6(), offloads.ecn());
    long mac = ports.getFirst().config().mac();
    setUp(mac);
    counted.addAll(ports);
    counted.add(bond);
    counted.add(tapPort);
    worker.add(new Cable(tapPort, bond));
    worker.submit(() -> ports.forEach(port -> port.watch(ring)));
    // The worker ends first, whatever else follows: nothing else may touch what is closed then.
    undo.own(worker);
    worker.start();
    worker.submit(Urgency::raise);
    LOG.info("{}: ready, MAC {}, members {}", options.name, Macs.text(mac), names(functions));
  }

  private Bond bond(DmaMemory memory, VfioNics nics) {
    for (VirtioPciTransport transport : nics.transports()) {
      VirtioNetPort port =
          new VirtioNetPort(
              "n" + ports.size(), transport, memory, worker.clock(), VirtioNetPort.Options.DEFAULT);
      ports.add(undo.own(port));
      port.open();
    }
    FramePool control =
        new FramePool(
            memory.take(FramePool.bytesFor(CONTROL_FRAMES, CONTROL_FRAME_BYTES), 64),
            CONTROL_FRAME_BYTES,
            0);
    long mac = ports.getFirst().config().mac();
    Bond bond =
        new Bond(options.name, LocalAddresses.of(mac), options.bond, control, worker.clock(), this);
    for (VirtioNetPort port : ports) {
      bond.add(port, new MemberConfig(port.name(), port.config().mac(), -ports.indexOf(port), 0));
    }
    return bond;
  }

  private void setUp(long mac) {
    int mtu =
        ports.stream()
            .mapToInt(port -> port.config().mtu())
            .filter(bytes -> bytes > 0)
            .min()
            .orElse(1500);
    try (Netlink netlink = new Netlink()) {
      int index = netlink.requireLink(options.name).index();
      netlink.setMac(index, mac);
      netlink.setMtu(index, mtu);
      netlink.setUp(index, true);
    }
  }

  private List<PciFunction> functions() {
    List<PciFunction> all = PciFunction.virtioNet();
    if (all.isEmpty()) {
      throw new ConfigException(
          "braid guest",
          "this machine has no virtio NIC",
          "Attach one: braid node prints the QEMU arguments");
    }
    if (options.nics.isEmpty()) {
      return all;
    }
    List<String> known = all.stream().map(PciFunction::address).toList();
    for (String nic : options.nics) {
      if (!known.contains(nic)) {
        throw new ConfigException(
            "--nic " + nic, "no virtio NIC has this address", Words.didYouMean(nic, known));
      }
    }
    return all.stream().filter(function -> options.nics.contains(function.address())).toList();
  }

  private static String names(List<PciFunction> functions) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < functions.size(); i++) {
      text.append(i == 0 ? "" : ", ")
          .append('n')
          .append(i)
          .append(" = ")
          .append(functions.get(i).address());
    }
    return text.toString();
  }

  /// The worker stopped by itself.
  boolean failed() {
    return worker.failure() != null;
  }

  /// Said by another thread: while a bond changes members its worker has better things to do.
  @Override
  public void activeChanged(ActiveChange change) {
    log.execute(() -> say(change));
  }

  private void say(ActiveChange change) {
    String silence =
        change.detectionNanos() == 0
            ? ""
            : String.format(Locale.ROOT, ", silence %.1f ms", change.detectionNanos() / 1e6);
    LOG.info(
        "{}: {} -> {} ({}{}), resent {}, dropped {}",
        options.name,
        change.from(),
        change.to(),
        change.reason().name().toLowerCase(Locale.ROOT).replace('_', ' '),
        silence,
        change.resent(),
        change.dropped());
  }

  @Override
  public void memberChanged(String member, MemberState from, MemberState to) {
    log.execute(() -> LOG.info("{}: member {} {} -> {}", options.name, member, from, to));
  }

  /// Takes everything down in reverse order; the NICs go back to the kernel's driver.
  @Override
  public void close() {
    boolean quiet = ports.isEmpty();
    undo.close();
    if (!quiet) {
      counted.forEach(port -> LOG.info("{}: {}", port.name(), Counters.text(port)));
      LOG.info("{}: gone, the NICs are the kernel's again", options.name);
    }
  }
}
