package braid.guest;

import braid.kernel.IoUring;
import braid.kernel.LinuxException;
import braid.port.Clock;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Memory;
import braid.port.Port;
import braid.port.PortCounters;
import braid.virtio.DeviceStatus;
import braid.virtio.DriverQueue;
import braid.virtio.Feature;
import braid.virtio.Features;
import braid.virtio.IndirectTables;
import braid.virtio.NetConfig;
import braid.virtio.NetHeader;
import braid.virtio.SplitRing;
import java.lang.foreign.MemorySegment;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A virtio-net device as a [Port]: the driver.
///
/// **Theory of operation.** [#open] follows VIRTIO 1.3, 3.1.1: reset, ACKNOWLEDGE, DRIVER, then
/// features, FEATURES_OK read back, both queues set up, DRIVER_OK. Both, because QEMU starts its
/// back-end at DRIVER_OK with all queues and gives it up for good when one has no address.
///
/// Then frames move by [ReceiveQueue] and [TransmitQueue]; [#flush] publishes what a batch did and
/// rings at most one doorbell a queue. Interrupts do nothing but wake the worker, except the
/// configuration interrupt, which brings the link state ([#changed]).
///
/// ```
///                  open
///   CLOSED ─────────────────► RUNNING ◄──────────────┐
///                              │   ▲ link down, NEEDS_RESET: reset and open again at once
///                              │   └──────┘          │ after a second, as often as it takes
///                              │ ring broken, gone, or opening failed
///                              └───────────► BROKEN ─┘
/// ```
/// **Link down.** When the host's back-end dies, QEMU reports link down and stops using the rings.
/// A while later the port resets the device, which makes every buffer ours again: frames that
/// nobody recalled wait for [#recall]. It initialises the device at once up to DRIVER_OK, so that
/// the next back-end finds rings that are in order, and the configuration interrupt of link up
/// comes.
///
/// **Silence.** A back-end that hangs says nothing, so the link stays up; the bond notices by its
/// continuity check. The port must not reset the device then: QEMU would ask the hanging back-end
/// for its ring positions and stop the whole guest until it answers. [#recall] gives views instead.
///
/// **Trust.** The device is not trusted with anything but its own frames: whatever it writes is
/// checked before use, and a ring that makes no sense is reset.
///
/// **Thread**: [#open] on a control thread before the worker has the port; everything else on the
/// worker, but what [Port] lets any thread call.
public final class VirtioNetPort implements Port, VirtioTransport.Events, AutoCloseable {
  /// Sizes.
  ///
  /// @param queueSize      entries per queue asked for, a power of two; the device may have fewer
  /// @param framesInFlight most transmitted frames that the device holds at a time, 1 to
  ///     `queueSize`. A hanging device keeps that many frames of whoever made them
  /// @param mendNanos      how long after a lost link the device is reset. The reset takes many
  ///     milliseconds of the worker's time, which a bond wants for the other members then
  public record Options(int queueSize, int framesInFlight, long mendNanos) {
    /// 256 entries, 64 frames, a second.
    public static final Options DEFAULT = new Options(256, 64, 1_000_000_000L);

    /// Checks the ranges.
    public Options {
      if (!SplitRing.validSize(queueSize) || framesInFlight < 1 || framesInFlight > queueSize) {
        throw new IllegalArgumentException(
            "queue size " + queueSize + ", frames in flight " + framesInFlight);
      }
    }
  }

  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;

  /// Descriptors of an indirect table: a merged 64 KiB frame in 17 pieces and its head, rounded up.
  private static final int INDIRECT_ENTRIES = 32;

  /// Descriptors that a frame takes without indirect tables: as above.
  private static final int DIRECT_ENTRIES = 18;

  private static final long RETRY_NANOS = 1_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(VirtioNetPort.class);

  private enum State {
    CLOSED,
    RUNNING,
    BROKEN
  }

  private final String name;
  private final VirtioTransport transport;
  private final Clock clock;
  private final Options options;
  private final PortCounters counters = new PortCounters();
  private final Counter dropDown = counters.counter("tx_drop_link_down");
  private final Counter dropHeader = counters.counter("tx_drop_header");
  private final Counter restarts = counters.counter("device_restarts");
  private final Counter faults = counters.counter("device_faults");
  private final ReceiveQueue receiver;
  private final TransmitQueue transmitter;
  private final MemorySegment[] ringMemory;
  private final MemorySegment tableMemory;

  private State state = State.CLOSED;
  private LinkState link = LinkState.DOWN;
  private long mendAt = Long.MAX_VALUE;
  private @Nullable DriverQueue rx;
  private @Nullable DriverQueue tx;
  private boolean armed;
  private boolean closed;
  private long retryAt;
  private volatile long features;
  private volatile NetConfig config =
      new NetConfig(0, 0, 1, 1500, NetConfig.UNKNOWN_SPEED, NetConfig.UNKNOWN_DUPLEX);

  /// A port that is not open yet.
  ///
  /// @param name      unique within the process
  /// @param transport to the device; closed by the port
  /// @param memory    reachable by the device; rings and buffers are taken from it now
  /// @param clock     the worker's
  public VirtioNetPort(
      String name, VirtioTransport transport, DmaMemory memory, Clock clock, Options options) {
    this.name = name;
    this.transport = transport;
    this.clock = clock;
    this.options = options;
    int size = options.queueSize();
    ringMemory =
        new MemorySegment[] {
          memory.take(SplitRing.bytes(size), 4096), memory.take(SplitRing.bytes(size), 4096)
        };
    tableMemory = memory.take(IndirectTables.bytes(size, tableEntries()), 64);
    receiver = new ReceiveQueue(memory, size, counters);
    transmitter = new TransmitQueue(memory, options.framesInFlight(), counters);
  }

  private int tableEntries() {
    return Math.clamp(options.queueSize(), 2, INDIRECT_ENTRIES);
  }

  /// Brings the device to DRIVER_OK.
  ///
  /// @throws TransportException when it lacks what we need; the message has the remedy
  public void open() {
    initialise();
    LOG.info(
        "{} on {}: {}, link {}",
        name,
        transport.name(),
        Features.names(features),
        link.up() ? "up" : "down");
  }

  /// Has interrupts wake the worker and bring link changes; on the worker, once, after [#open].
  ///
  /// @param ring where the worker waits
  public void watch(IoUring ring) {
    transport.watch(ring, this);
    // What came before somebody listened.
    changed();
  }

  private void initialise() {
    transport.reset();
    transport.status(DeviceStatus.ACKNOWLEDGE.bits());
    transport.status(DeviceStatus.DRIVER.bits());
    try {
      features = Negotiation.agree(transport);
      setUpQueues();
    } catch (TransportException | LinuxException e) {
      transport.status(transport.status() | DeviceStatus.FAILED_BIT);
      throw e;
    }
    transport.status(DeviceStatus.DRIVER_OK.bits());
    state = State.RUNNING;
    armed = true;
    config = transport.config();
    link = linkOf(config);
    flush();
  }

  private void setUpQueues() {
    boolean eventIdx = Feature.EVENT_IDX.in(features);
    boolean indirect = Feature.INDIRECT_DESC.in(features);
    SplitRing rxRing = ring(RECEIVE);
    SplitRing txRing = ring(TRANSMIT);
    long delta = transport.deviceAddress(0);
    IndirectTables tables =
        indirect
            ? new IndirectTables(
                tableMemory,
                transport.deviceAddress(tableMemory.address()),
                Math.min(tableEntries(), txRing.size()))
            : null;
    DriverQueue freshRx = new DriverQueue(rxRing, eventIdx, null);
    DriverQueue freshTx = new DriverQueue(txRing, eventIdx, tables);
    rx = freshRx;
    tx = freshTx;
    receiver.attach(freshRx, delta, features);
    transmitter.attach(freshTx, delta, indirect ? 1 : DIRECT_ENTRIES);
    receiver.post();
    freshRx.publish();
    transport.queue(RECEIVE, rxRing);
    transport.queue(TRANSMIT, txRing);
  }

  private SplitRing ring(int queue) {
    int most = transport.queueSizeMax(queue);
    int size = Integer.highestOneBit(Math.min(options.queueSize(), most));
    if (size < 2) {
      throw new TransportException(transport.name() + " has no queue " + queue);
    }
    return SplitRing.of(size, ringMemory[queue]);
  }

  private LinkState linkOf(NetConfig read) {
    return !Feature.STATUS.in(features) || read.linkUp() ? LinkState.UP : LinkState.DOWN;
  }

  @Override
  public void used() {
    // The worker is awake: that was all.
  }

  @Override
  public void changed() {
    if (state == State.RUNNING) {
      attempt(this::look);
    }
  }

  private void look() {
    int status = transport.status();
    if (status == VirtioTransport.GONE) {
      transmitter.detach();
      receiver.detach();
      broken("the device is gone");
    } else if ((status & DeviceStatus.NEEDS_RESET) != 0) {
      faults.add(1);
      restart("the device asks for a reset");
    } else {
      config = transport.config();
      linkChanged(linkOf(config));
    }
  }

  private void linkChanged(LinkState now) {
    if (now.up() == link.up()) {
      return;
    }
    if (now.up() && mendAt != Long.MAX_VALUE) {
      // It is back before it was mended: the rings are as the dead back-end left them.
      restart("link lost and found");
    } else if (now.up()) {
      LOG.info("{}: link up", name);
      transmitter.dropOrphans();
      link = now;
    } else if (options.mendNanos == 0) {
      restart("link down");
    } else {
      link = now;
      mendAt = clock.nanos() + options.mendNanos;
    }
  }

  /// The reset after a lost link is due.
  private void mend() {
    if (state == State.RUNNING && clock.nanos() >= mendAt) {
      restart("link down");
    }
  }

  /// Resets the device, takes everything back and starts again.
  private void restart(String why) {
    link = LinkState.DOWN;
    mendAt = Long.MAX_VALUE;
    restarts.add(1);
    complete();
    if (state == State.RUNNING) {
      LOG.info("{}: {}, {} frames not completed", name, why, transmitter.inFlight());
    }
    attempt(
        () -> {
          transport.reset();
          transmitter.detach();
          receiver.detach();
          initialise();
        });
    if (link.up()) {
      transmitter.resendOrphans();
      flush();
    }
  }

  private void attempt(Runnable work) {
    try {
      work.run();
    } catch (TransportException | LinuxException e) {
      broken(String.valueOf(e.getMessage()));
    }
  }

  private void broken(String why) {
    if (state != State.BROKEN) {
      LOG.warn("{} on {} does not work: {}; tried again every second", name, transport.name(), why);
    }
    state = State.BROKEN;
    link = LinkState.DOWN;
    retryAt = clock.nanos() + RETRY_NANOS;
  }

  private void retry() {
    if (clock.nanos() - retryAt >= 0) {
      restart("next attempt");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int receive(Frame[] into, int max) {
    if (mendAt != Long.MAX_VALUE) {
      mend();
    }
    DriverQueue queue = rx;
    if (state != State.RUNNING || queue == null) {
      if (state == State.BROKEN) {
        retry();
      }
      return 0;
    }
    if (armed) {
      armed = false;
      quiet();
    }
    complete();
    int count = receiver.receive(into, max);
    if (count == ReceiveQueue.BROKEN) {
      fault("receive ring: " + queue.fault());
      return receiver.taken();
    }
    return count;
  }

  private void quiet() {
    if (rx != null && tx != null) {
      rx.disarm();
      tx.disarm();
    }
  }

  /// Releases what the device has transmitted.
  private void complete() {
    DriverQueue queue = tx;
    if (state != State.RUNNING || queue == null) {
      return;
    }
    int result = queue.poll();
    while (result == DriverQueue.TAKEN) {
      transmitter.completed(queue.usedToken());
      result = queue.poll();
    }
    if (result == DriverQueue.BROKEN) {
      fault("transmit ring: " + queue.fault());
    }
  }

  /// The device broke a ring. It is stopped now and tried again later, so that a device which does
  /// nothing else cannot keep us busy.
  private void fault(String why) {
    if (state == State.BROKEN) {
      return;
    }
    faults.add(1);
    broken(why);
  }

  @Override
  public void send(Frame[] frames, int count) {
    if (!link.up()) {
      for (int i = 0; i < count; i++) {
        frames[i].release();
      }
      dropDown.add(count);
      return;
    }
    long taken = features;
    for (int i = 0; i < count; i++) {
      Frame frame = frames[i];
      long header = frame.base();
      NetHeader.Fault wrong =
          NetHeader.checkSent(
              Memory.getLong(header), Memory.getInt(header + 8), frame.length(), taken);
      if (wrong == NetHeader.Fault.NONE) {
        transmitter.give(frame);
      } else {
        dropHeader.add(1);
        frame.release();
      }
    }
  }

  @Override
  public int room() {
    return link.up() ? transmitter.room() : 0;
  }

  @Override
  public void flush() {
    DriverQueue fromDevice = rx;
    DriverQueue toDevice = tx;
    if (state != State.RUNNING || fromDevice == null || toDevice == null) {
      return;
    }
    receiver.post();
    fromDevice.publish();
    if (fromDevice.kickNeeded()) {
      transport.notifyQueue(RECEIVE);
    }
    toDevice.publish();
    if (toDevice.kickNeeded()) {
      transport.notifyQueue(TRANSMIT);
    }
  }

  @Override
  public LinkState link() {
    return link;
  }

  @Override
  public boolean arm() {
    DriverQueue fromDevice = rx;
    DriverQueue toDevice = tx;
    if (state != State.RUNNING || fromDevice == null || toDevice == null) {
      return false;
    }
    armed = true;
    boolean more = fromDevice.arm();
    // Completions are worth an interrupt only when their frames or their room are missed.
    int pressing = Math.max(1, options.framesInFlight() / 2);
    if (transmitter.inFlight() >= pressing || transmitter.room() == 0) {
      more |= toDevice.arm();
    }
    return more;
  }

  @Override
  public long deadline() {
    return state == State.BROKEN ? retryAt : mendAt;
  }

  @Override
  public int recall(Frame[] into, int max) {
    complete();
    return transmitter.recall(into, max);
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /// Feature bits in use; any thread.
  public long negotiated() {
    return features;
  }

  /// What frames given to this port may leave to the device; any thread.
  public Offloads offloads() {
    return Offloads.of(features);
  }

  /// The device's configuration as read last: MAC, MTU; any thread.
  public NetConfig config() {
    return config;
  }

  @Override
  public int pending() {
    return transmitter.inFlight();
  }

  /// Receive buffers in frames that somebody holds: 0 when everything came back.
  public int heldBuffers() {
    return receiver.held();
  }

  /// Resets the device and gives everything back; on the worker, or when it has ended.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    link = LinkState.DOWN;
    if (state != State.CLOSED) {
      attemptReset();
    }
    state = State.CLOSED;
    LOG.info("{} ends: {}", name, nonZero());
    transmitter.detach();
    transmitter.dropOrphans();
    receiver.detach();
    transport.close();
  }

  private String nonZero() {
    return counters.all().stream()
        .filter(counter -> counter.get() != 0)
        .map(Counter::toString)
        .collect(Collectors.joining(" "));
  }

  private void attemptReset() {
    try {
      transport.reset();
    } catch (TransportException | LinuxException e) {
      LOG.warn("{}: reset at the end failed: {}", name, e.getMessage());
    }
  }
}
