package braid.guest;

import braid.kernel.EventFd;
import braid.kernel.IoUring;
import braid.kernel.LinuxException;
import braid.kernel.UnixListener;
import braid.kernel.UnixSocket;
import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.Features;
import braid.virtio.NetConfig;
import braid.virtio.ProtocolException;
import braid.virtio.SplitRing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A device behind a vhost-user socket, where this process is the front-end: what QEMU does for a
/// guest, a driver does here for itself. Driver and device meet without a machine between them.
///
/// **Theory of operation.** vhost-user moves only rings; the device model stays with the front-end.
/// So this object *is* the device as the driver sees it: it keeps the status, the features the
/// driver took and where the rings lie, and it has a MAC address and a link. The back-end is
/// started when all of that and a connection are there, in either order:
/// ```
///   driver:      reset ──► features ──► queues ──► DRIVER_OK ─┐
///                                                             ├─► start the rings ──► link up
///   connection:  lost ───► connected, features known ─────────┘
/// ```
/// A lost connection is link down, as it is for QEMU's guest. The driver then resets; only after
/// that may a new back-end start, since its rings begin at 0.
///
/// A back-end that offers CONFIG has the configuration (MAC, MTU, link status) itself and tells
/// changes on its own channel. One that does not, as DPDK's, gets the MAC given here.
///
/// **Threads**: a connector thread of its own connects, and connects again; the driver's calls come
/// from its worker. Both hold this object's lock while they talk to the back-end, so a call waits
/// for its answer, [#ANSWER] at most. **Reset** of a back-end that does not answer fails: it still
/// has the memory.
public final class VhostUserTransport implements VirtioTransport {
  /// Longest wait for an answer.
  static final Duration ANSWER = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(VhostUserTransport.class);
  private static final long RETRY_NANOS = 20_000_000;
  private static final int QUEUE_SIZE_MAX = 1024;

  /// What the front-end may leave to the back-end; MAC, STATUS and MTU only with CONFIG.
  private static final long CONFIG_FEATURES = Features.of(Feature.MAC, Feature.STATUS, Feature.MTU);

  private final Path path;
  private final boolean listens;
  private final DmaMemory memory;
  private final long mac;
  private final Executor worker;
  private final EventFd[] kick = {EventFd.create(), EventFd.create()};
  private final EventFd[] call = {EventFd.create(), EventFd.create()};
  private final List<IoUring.Watch> watches = new ArrayList<>();
  private final Thread connector;
  private final CountDownLatch firstConnection = new CountDownLatch(1);

  // All below: under the lock of this object.
  private final @Nullable SplitRing[] rings = new SplitRing[2];
  private @Nullable UnixListener listener;
  private @Nullable VhostUserChannel channel;
  private @Nullable Events events;
  private @Nullable NetConfig backendConfig;
  private long offered;
  private long taken;
  private int status;

  /// The rings were in use by a back-end that is gone; the driver has not reset them yet.
  private boolean stale;

  private boolean started;
  private boolean closed;

  private VhostUserTransport(
      Path path, boolean listens, DmaMemory memory, long mac, Executor worker) {
    this.path = path;
    this.listens = listens;
    this.memory = memory;
    this.mac = mac;
    this.worker = worker;
    this.connector = new Thread(this::keepConnected, "vhost-user " + path.getFileName());
    connector.setDaemon(true);
  }

  /// Connects to the socket of a back-end, and again whenever the connection is lost.
  ///
  /// @param memory [DmaMemory#shared]
  /// @param mac    MAC address, low 48 bits, of a device whose back-end has none
  /// @param worker runs what belongs on the driver's thread
  /// @param wait   how long to wait for the first connection
  /// @throws TransportException when there is none in that time
  public static VhostUserTransport connect(
      Path path, DmaMemory memory, long mac, Executor worker, Duration wait) {
    return new VhostUserTransport(path, false, memory, mac, worker).begin(wait);
  }

  /// Listens at `path`, and waits for a back-end to connect; otherwise as [#connect].
  public static VhostUserTransport listen(
      Path path, DmaMemory memory, long mac, Executor worker, Duration wait) {
    VhostUserTransport transport = new VhostUserTransport(path, true, memory, mac, worker);
    transport.listener = UnixListener.listen(path);
    return transport.begin(wait);
  }

  private VhostUserTransport begin(Duration wait) {
    connector.start();
    boolean connected = false;
    try {
      connected = firstConnection.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (connected) {
      return this;
    }
    close();
    throw new TransportException(
        "no vhost-user back-end at " + path + " within " + wait.toSeconds() + " s: start it first");
  }

  // The connector thread.

  private void keepConnected() {
    while (!isClosed()) {
      UnixSocket socket = nextSocket();
      if (socket == null) {
        LockSupport.parkNanos(RETRY_NANOS);
        continue;
      }
      serve(socket);
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private @Nullable UnixSocket nextSocket() {
    UnixListener waiting;
    synchronized (this) {
      waiting = listener;
    }
    try {
      return listens ? waiting == null ? null : waiting.accept() : UnixSocket.connect(path);
    } catch (LinuxException e) {
      return null;
    }
  }

  /// One connection, from its first message to its end.
  private void serve(UnixSocket socket) {
    VhostUserChannel fresh = new VhostUserChannel(socket, this::configChanged);
    try {
      fresh.open();
      synchronized (this) {
        if (closed) {
          return;
        }
        greet(fresh);
        channel = fresh;
        startIfReady();
      }
      firstConnection.countDown();
      tellDriver();
      fresh.awaitEnd();
      LOG.info("{}: back-end hung up", path);
    } catch (LinuxException e) {
      // It hung up before it said anything: it may just be about to end.
      LOG.debug("{}: {}", path, e.getMessage());
      LockSupport.parkNanos(RETRY_NANOS);
    } catch (ProtocolException | TransportException e) {
      LOG.warn("{}: {}", path, e.getMessage());
      LockSupport.parkNanos(RETRY_NANOS);
    } finally {
      fresh.close();
      lost(fresh);
    }
  }

  private synchronized void greet(VhostUserChannel fresh) throws ProtocolException {
    fresh.negotiate();
    long features = fresh.features();
    if (fresh.hasConfig()) {
      backendConfig = fresh.config(features);
    } else {
      features = (features & ~CONFIG_FEATURES) | Features.of(Feature.MAC, Feature.STATUS);
    }
    // Addresses are not translated here, and dirty pages not logged.
    offered = features & ~Features.of(Feature.ACCESS_PLATFORM, Feature.LOG_ALL);
    if ((taken & ~offered) != 0) {
      // The new back-end can do less: the driver has to choose again.
      status |= DeviceStatus.NEEDS_RESET;
    }
  }

  private void lost(VhostUserChannel ended) {
    synchronized (this) {
      if (channel != ended) {
        return;
      }
      channel = null;
      stale = started;
      started = false;
      backendConfig = null;
    }
    tellDriver();
  }

  /// The back-end says that its configuration changed; on a thread of the channel.
  private void configChanged() {
    synchronized (this) {
      VhostUserChannel present = channel;
      if (present == null) {
        return;
      }
      try {
        backendConfig = present.config(offered);
      } catch (ProtocolException | TransportException | LinuxException e) {
        LOG.warn("{}: configuration not read: {}", path, e.getMessage());
        return;
      }
    }
    tellDriver();
  }

  private void tellDriver() {
    worker.execute(
        () -> {
          Events told;
          synchronized (this) {
            told = events;
          }
          if (told != null) {
            told.changed();
          }
        });
  }

  // Starting and stopping the back-end.

  private synchronized void startIfReady() throws ProtocolException {
    VhostUserChannel present = channel;
    SplitRing rx = rings[0];
    SplitRing tx = rings[1];
    boolean ready = (status & DeviceStatus.DRIVER_OK_BIT) != 0 && !stale && !started;
    boolean agreed = (status & DeviceStatus.NEEDS_RESET) == 0;
    if (present == null || rx == null || tx == null || !ready || !agreed) {
      return;
    }
    present.setFeatures(taken);
    present.setMemory(memory);
    present.setQueue(0, rx, kick[0].fd(), call[0].fd());
    present.setQueue(1, tx, kick[1].fd(), call[1].fd());
    present.enable(status);
    started = true;
    // What was offered before anybody listened.
    kick[0].signal();
    kick[1].signal();
  }

  @Override
  public synchronized void reset() {
    VhostUserChannel present = channel;
    if (started && present != null) {
      try {
        present.stop(2);
      } catch (ProtocolException | LinuxException e) {
        throw new TransportException(path + " does not stop its rings: " + e.getMessage(), e);
      }
    }
    started = false;
    stale = false;
    status = 0;
    taken = 0;
    rings[0] = null;
    rings[1] = null;
  }

  // The device as the driver sees it.

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public synchronized long deviceFeatures() {
    return offered;
  }

  @Override
  public long requiredFeatures() {
    return 0;
  }

  @Override
  public synchronized void driverFeatures(long features) {
    taken = features;
  }

  @Override
  public synchronized int status() {
    return status;
  }

  @Override
  public synchronized void status(int bits) {
    status = bits;
    if ((bits & DeviceStatus.FEATURES_OK_BIT) != 0 && (taken & ~offered) != 0) {
      status &= ~DeviceStatus.FEATURES_OK_BIT;
    }
    try {
      startIfReady();
    } catch (ProtocolException e) {
      throw new TransportException(path + " does not start its rings: " + e.getMessage(), e);
    }
  }

  @Override
  public int queueSizeMax(int queue) {
    return queue < rings.length ? QUEUE_SIZE_MAX : 0;
  }

  @Override
  public synchronized void queue(int queue, SplitRing ring) {
    rings[queue] = ring;
  }

  @Override
  public void notifyQueue(int queue) {
    kick[queue].signal();
  }

  @Override
  public synchronized NetConfig config() {
    NetConfig told = backendConfig;
    int up = started ? NetConfig.LINK_UP : 0;
    if (told == null) {
      return new NetConfig(mac, up, 1, 1500, NetConfig.UNKNOWN_SPEED, NetConfig.UNKNOWN_DUPLEX);
    }
    return new NetConfig(
        told.mac(), told.status() & up, 1, told.mtu(), told.speed(), told.duplex());
  }

  @Override
  public long deviceAddress(long address) {
    return address + memory.iovaDelta();
  }

  @Override
  public void watch(IoUring ring, Events told) {
    listen(told);
    watches.add(ring.watch(call[0].fd(), told::used));
    watches.add(ring.watch(call[1].fd(), told::used));
  }

  /// Has changes come to `told` on the worker, but no interrupts: for a worker that never sleeps.
  public synchronized void listen(Events told) {
    events = told;
  }

  @Override
  public void close() {
    watches.forEach(IoUring.Watch::close);
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      events = null;
      if (channel != null) {
        channel.close();
      }
      if (listener != null) {
        listener.close();
      }
    }
    boolean interrupted = Thread.interrupted();
    try {
      connector.join(ANSWER.toMillis());
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    for (int i = 0; i < 2; i++) {
      kick[i].close();
      call[i].close();
    }
  }
}
