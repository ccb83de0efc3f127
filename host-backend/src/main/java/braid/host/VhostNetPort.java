package braid.host;

import braid.kernel.Fd;
import braid.kernel.IoUring;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import braid.virtio.AddressSpace;
import braid.virtio.Chain;
import braid.virtio.DeviceQueue;
import braid.virtio.Feature;
import braid.virtio.ProtocolException;
import braid.virtio.RingFault;
import braid.virtio.SplitRing;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A guest's pair of queues as a [Port]: what the guest transmits comes out of [#receive], what is
/// given to [#send] goes into its receive buffers.
///
/// **Theory of operation.** The port lives as long as the node; front-ends come and go. While none
/// is there its link is down, [#receive] gives nothing and [#send] drops and counts. A session
/// ([VhostUserServer]) changes it by commands on the worker only: memory table, IOTLB, and each
/// queue's start, stop, enabling and notifications.
///
/// *Out of the guest*: zero copy but for the first 128 bytes, see [GuestTransmitQueue]. *Into the
/// guest*: one copy, see [GuestReceiveQueue]. A frame for which the guest has too few buffers just
/// now is kept in a short queue, during which [#room] is 0, so that a 64 KiB frame waits for its
/// forty buffers instead of being lost for want of the last one; after
/// [IntoGuest#HELD_NANOS] it is dropped and counted.
///
/// *Notifications*: kicks are reads of the kick eventfd in the worker's io_uring and only wake the
/// worker, which then looks at the rings; so a kick can be neither lost nor too early. Calls are
/// written once a batch, if the guest asked for them.
///
/// *IOTLB misses* hold the chain on its ring until the front-end has answered; nothing is dropped.
///
/// **Thread**: the worker's, except [#name] and [#counters].
public final class VhostNetPort implements Port {
  /// Index of the queue the guest receives from.
  static final int RECEIVE = 0;

  /// Index of the queue the guest transmits to.
  static final int TRANSMIT = 1;

  /// Index of the control queue.
  static final int CONTROL = 2;

  /// Queues there can be.
  static final int QUEUES = 3;

  /// How often a queue without a kick eventfd is looked at while the worker sleeps.
  private static final long POLLED_NANOS = 100_000;

  /// What a queue is started with.
  ///
  /// @param features what was negotiated
  /// @param base     position of the first chain to take
  /// @param kick     eventfd of the guest's notifications; null to look at the ring by time
  /// @param call     eventfd for our notifications; null for none
  record Setup(RingPlace place, long features, int base, @Nullable Fd kick, @Nullable Fd call) {}

  private final String name;
  private final Clock clock;
  private final IoUring ring;
  private final PortCounters counters = new PortCounters();
  private final Drops drops = new Drops(counters);
  private final Counter misses = counters.counter("iotlb_misses");
  private final Counter controlCommands = counters.counter("control_commands");
  private final Counter controlRefused = counters.counter("control_refused");
  private final Counter badReceiveChains = counters.counter("ring_fault_bad_receive_buffer");
  private final Map<RingFault, Counter> faults = new EnumMap<>(RingFault.class);

  private final QueueState[] queues = new QueueState[QUEUES];
  private final IntoGuest into;
  private @Nullable GuestTransmitQueue tx;
  private @Nullable ControlQueue control;
  private final List<GuestMemory> snapshots = new ArrayList<>();
  private final View view = new View();

  private GuestMemory memory = GuestMemory.empty();
  private @Nullable Iotlb iotlb;
  private PortListener listener = PortListener.NOBODY;
  private LinkState link = LinkState.DOWN;
  private boolean taking;
  private boolean paused;
  private boolean armed;
  private boolean polled;
  private boolean controlPending;

  /// A port without a guest.
  ///
  /// @param name  for logs and metrics
  /// @param clock the worker's
  /// @param ring  the worker's waiter
  public VhostNetPort(String name, Clock clock, IoUring ring) {
    this.name = name;
    this.clock = clock;
    this.ring = ring;
    this.into = new IntoGuest(clock, counters, drops, this::miss);
    for (RingFault fault : RingFault.values()) {
      // The device's faults come after the driver's; only the latter can happen here.
      if (fault != RingFault.NONE && fault.compareTo(RingFault.USED_INDEX_JUMP) < 0) {
        faults.put(fault, counters.counter("ring_fault_" + fault.name().toLowerCase(Locale.ROOT)));
      }
    }
    for (int i = 0; i < QUEUES; i++) {
      queues[i] = new QueueState(ring);
    }
  }

  // The data path

  @Override
  public int receive(Frame[] into, int max) {
    if (controlPending || polled) {
      serveControl();
    }
    GuestTransmitQueue from = tx;
    if (from == null) {
      return 0;
    }
    if (armed) {
      disarm();
    }
    if (!taking) {
      discard(from);
      return 0;
    }
    int count = from.receive(into, max, memory);
    if (from.trouble() < 0) {
      trouble(TRANSMIT, from.trouble());
    }
    return count;
  }

  /// A queue that is started but disabled is processed without effect.
  private void discard(GuestTransmitQueue from) {
    QueueState queue = queues[TRANSMIT];
    if (queue.live() && !queue.enabled) {
      from.discard();
      if (from.trouble() < 0) {
        trouble(TRANSMIT, from.trouble());
      }
    }
  }

  private void disarm() {
    armed = false;
    for (QueueState queue : queues) {
      if (queue.device != null) {
        queue.device.disarm();
      }
    }
  }

  @Override
  public void send(Frame[] frames, int count) {
    into.send(frames, count);
    if (into.trouble() == GuestReceiveQueue.BROKEN) {
      trouble(RECEIVE, DeviceQueue.BROKEN);
    }
  }

  @Override
  public int room() {
    int room = into.room();
    if (into.trouble() == GuestReceiveQueue.BROKEN) {
      trouble(RECEIVE, DeviceQueue.BROKEN);
    }
    return room;
  }

  @Override
  public void flush() {
    if (tx != null && queues[TRANSMIT].live()) {
      publish(tx.queue(), queues[TRANSMIT].bell);
    }
    DeviceQueue rx = queues[RECEIVE].device;
    if (rx != null && queues[RECEIVE].live()) {
      publish(rx, queues[RECEIVE].bell);
    }
  }

  private static void publish(DeviceQueue queue, Bell bell) {
    queue.publish();
    if (queue.callNeeded()) {
      bell.ring();
    }
    bell.retry();
  }

  @Override
  public LinkState link() {
    return link;
  }

  @Override
  public boolean arm() {
    armed = true;
    boolean more = controlPending;
    if (tx != null && queues[TRANSMIT].live()) {
      more |= tx.queue().arm() && (taking || !queues[TRANSMIT].enabled);
    }
    more |= into.arm();
    return more;
  }

  @Override
  public long deadline() {
    long soonest = polled ? clock.nanos() + POLLED_NANOS : Long.MAX_VALUE;
    Iotlb table = iotlb;
    if (table != null && table.waiting()) {
      // A question may have been lost on its way: look, and so ask, again.
      soonest = Math.min(soonest, clock.nanos() + Iotlb.ASK_AGAIN_NANOS);
    }
    return Math.min(soonest, into.deadline());
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public String name() {
    return name;
  }

  private void trouble(int index, int result) {
    if (result == DeviceQueue.MISS) {
      miss();
      return;
    }
    QueueState queue = queues[index];
    DeviceQueue device = queue.device;
    if (device == null || queue.broken) {
      return;
    }
    RingFault fault = device.fault();
    faults.getOrDefault(fault, badReceiveChains).add(1);
    queue.broken = true;
    queue.error.ring();
    update();
    listener.broken(
        index,
        fault == RingFault.NONE
            ? "bad receive buffer"
            : fault + " (VIRTIO " + fault.clause() + ")");
  }

  private void miss() {
    Iotlb table = iotlb;
    if (table != null && table.ask(clock.nanos())) {
      misses.add(1);
      listener.miss(table.missAddress(), table.missPermission());
    }
  }

  // What a session does, as commands on the worker

  /// Addresses as the guest writes them: behind its IOMMU or not.
  private final class View implements AddressSpace {
    @Override
    public int translate(long address, int length, boolean write, Chain into) {
      Iotlb table = iotlb;
      return table == null
          ? memory.translate(address, length, write, into)
          : table.translate(address, length, write, into);
    }
  }

  /// A session begins: it hears from the port until [#detach].
  void attach(PortListener session) {
    detach();
    listener = session;
  }

  /// The session is over: all queues stop, the memory goes as soon as no frame is left in it.
  void detach() {
    listener = PortListener.NOBODY;
    for (int i = 0; i < QUEUES; i++) {
      stop(i);
      queues[i].enabled = false;
      queues[i].error.fd(null);
    }
    iotlb = null;
    memory(GuestMemory.empty());
    update();
  }

  /// Replaces the memory table. Queues that run keep their rings: those whose rings moved were
  /// stopped before.
  void memory(GuestMemory next) {
    GuestMemory before = memory;
    memory = next;
    if (iotlb != null) {
      iotlb.memory(next);
    }
    snapshots.add(next);
    before.retire();
    snapshots.removeIf(GuestMemory::freed);
  }

  /// The table of the guest's IOMMU, made when it is first asked for.
  ///
  /// @param wanted ACCESS_PLATFORM was negotiated
  @Nullable Iotlb iotlb(boolean wanted) {
    if (!wanted) {
      iotlb = null;
    } else if (iotlb == null) {
      iotlb = new Iotlb(memory);
    }
    return iotlb;
  }

  /// Starts a queue.
  ///
  /// @return false when a translation of the ring's own addresses is missing: it was asked for,
  ///     start again after the update
  /// @throws ProtocolException when the ring is not in the guest's memory
  boolean start(int index, Setup setup) throws ProtocolException {
    stop(index);
    QueueState queue = queues[index];
    SplitRing place = setup.place().resolve(memory, iotlb);
    if (place == null) {
      miss();
      return false;
    }
    long features = setup.features();
    DeviceQueue device =
        new DeviceQueue(
            place,
            Feature.EVENT_IDX.in(features),
            Feature.INDIRECT_DESC.in(features),
            view,
            DeviceQueue.resumeAt(place, setup.base()));
    queue.device = device;
    queue.bell.fd(setup.call());
    switch (index) {
      case RECEIVE -> into.start(new GuestReceiveQueue(device, features));
      case TRANSMIT -> tx = new GuestTransmitQueue(device, features, counters, drops);
      default ->
          control =
              new ControlQueue(device, controlCommands, controlRefused, () -> listener.announced());
    }
    device.disarm();
    armed = false;
    paused = false;
    kick(index, setup.kick());
    update();
    serveControl();
    return true;
  }

  /// Stops a queue; its ring is not touched any more.
  ///
  /// @return position from which to go on, -1 when it was not started
  int stop(int index) {
    QueueState queue = queues[index];
    DeviceQueue device = queue.device;
    if (device == null) {
      return -1;
    }
    if (index == RECEIVE) {
      into.stop();
    } else if (index == TRANSMIT && tx != null) {
      tx.detach();
      tx = null;
    } else {
      control = null;
    }
    if (!queue.broken) {
      publish(device, queue.bell);
    }
    queue.reset();
    update();
    return device.base();
  }

  /// A queue is started.
  boolean started(int index) {
    return queues[index].device != null;
  }

  /// Enables or disables a queue.
  void enable(int index, boolean on) {
    queues[index].enabled = on;
    update();
    serveControl();
  }

  /// Exchanges the call eventfd of a queue that is started.
  void call(int index, @Nullable Fd fd) {
    if (queues[index].device != null) {
      queues[index].bell.fd(fd);
      // What was published before may have rung at nobody.
      queues[index].bell.ring();
    }
  }

  /// Exchanges the eventfd that hears of a broken ring.
  void error(int index, @Nullable Fd fd) {
    queues[index].error.fd(fd);
  }

  /// Exchanges the kick eventfd of a queue that is started.
  void kick(int index, @Nullable Fd fd) {
    QueueState queue = queues[index];
    if (queue.device == null) {
      return;
    }
    queue.watch(ring, fd, index == CONTROL ? this::serveControl : () -> {});
    polled = false;
    for (QueueState each : queues) {
      polled |= each.polled();
    }
  }

  /// No frame is taken from the guest until a queue is started again.
  ///
  /// @return done when all frames taken so far have come back
  CompletableFuture<Boolean> drain() {
    CompletableFuture<Boolean> drained = new CompletableFuture<>();
    paused = true;
    update();
    if (tx == null) {
      drained.complete(true);
    } else {
      tx.whenIdle(() -> drained.complete(true));
    }
    return drained;
  }

  /// Takes frames again after [#drain].
  void resume() {
    paused = false;
    update();
  }

  /// A frame that is out points into this range of native addresses.
  boolean inUse(long address, long bytes) {
    return tx != null && tx.uses(address, bytes);
  }

  /// Frames of the guest that somebody holds. Worker, as all here.
  public int outstanding() {
    return tx == null ? 0 : tx.outstanding();
  }

  /// Memory tables that are mapped: the present one and those with frames left in them.
  List<GuestMemory> snapshots() {
    return snapshots;
  }

  private void serveControl() {
    ControlQueue queue = control;
    QueueState state = queues[CONTROL];
    controlPending = false;
    if (queue == null || !state.live() || !state.enabled) {
      return;
    }
    boolean more = queue.serve() || queue.queue().arm();
    publish(queue.queue(), state.bell);
    if (queue.trouble() < 0) {
      trouble(CONTROL, queue.trouble());
    } else if (more) {
      // Not at once: a guest that never stops would keep the worker.
      controlPending = true;
    }
  }

  private void update() {
    taking = tx != null && queues[TRANSMIT].live() && queues[TRANSMIT].enabled && !paused;
    boolean giving = queues[RECEIVE].live() && queues[RECEIVE].enabled;
    into.enable(giving);
    boolean up = giving && queues[TRANSMIT].live() && queues[TRANSMIT].enabled;
    link = up ? LinkState.UP : LinkState.DOWN;
  }
}
