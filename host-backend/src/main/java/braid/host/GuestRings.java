package braid.host;

import braid.kernel.Fd;
import braid.port.Worker;
import braid.virtio.Feature;
import braid.virtio.MemoryRegion;
import braid.virtio.ProtocolException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The part of a session that the data path sees: memory, rings, IOTLB. It collects what the
/// front-end tells, and hands it to the worker as a whole.
///
/// **Theory of operation.** A front-end tells the pieces of a ring in nearly any order, and tells
/// some again while the ring runs. So each setter only notes what was said, and [#startReady]
/// starts every ring of which everything is known by now: after a kick, a memory table, an IOTLB
/// update. A change that needs a ring to stand still stops it, and it starts again from where it
/// was.
///
/// **Frames that are out.** Before a ring or the memory under it goes in an orderly way, the
/// worker takes no more frames, and the frames that are out get [#DRAIN_MILLIS] to come back, so
/// that the guest sees them used. Those that do not are sent, but their heads are offered again: a
/// frame may go out twice, none is lost.
///
/// **Descriptors** that the front-end gave are closed one turn of the worker after it let them go.
///
/// **Thread**: the session's control thread.
final class GuestRings {
  private static final long DRAIN_MILLIS = 500;

  private final VhostNetPort port;
  private final Worker worker;
  private final Vring[] rings = new Vring[VhostNetPort.QUEUES];
  private GuestMemory memory = GuestMemory.empty();
  private long features;

  GuestRings(VhostNetPort port, Worker worker) {
    this.port = port;
    this.worker = worker;
    for (int i = 0; i < rings.length; i++) {
      rings[i] = new Vring(i);
    }
  }

  /// The ring with that number.
  Vring ring(int index, String clause) throws ProtocolException {
    if (index < 0 || index >= rings.length) {
      throw new ProtocolException(
          clause, "ring " + Integer.toUnsignedString(index) + ", there are " + rings.length);
    }
    return rings[index];
  }

  /// SET_FEATURES. Rings that run keep what they were started with; whether they are enabled may
  /// change.
  void features(long acked) throws ProtocolException {
    features = acked;
    boolean translated = Feature.ACCESS_PLATFORM.in(acked);
    onWorker(
        () -> {
          port.iotlb(translated);
          for (Vring ring : rings) {
            port.enable(ring.index(), enabled(ring));
          }
          return true;
        });
    startReady();
  }

  /// Without PROTOCOL_FEATURES there is no SET_VRING_ENABLE, and a ring that is started is enabled
  /// ("Ring states").
  private boolean enabled(Vring ring) {
    return ring.enabled() || !Feature.PROTOCOL_FEATURES.in(features);
  }

  /// SET_VRING_ENABLE.
  void enable(Vring ring, boolean on) throws ProtocolException {
    ring.enable(on);
    onWorker(
        () -> {
          port.enable(ring.index(), enabled(ring));
          return true;
        });
  }

  /// SET_VRING_ADDR.
  void addresses(Vring ring, long descriptor, long available, long used) throws ProtocolException {
    if (ring.addresses(descriptor, available, used) && ring.running()) {
      pause(ring);
    }
    startReady();
  }

  /// SET_VRING_KICK.
  void kick(Vring ring, @Nullable Fd fd) throws ProtocolException {
    Fd before = ring.kick(fd);
    if (ring.running()) {
      onWorker(
          () -> {
            port.kick(ring.index(), fd);
            return true;
          });
    }
    release(before);
    startReady();
  }

  /// SET_VRING_CALL.
  void call(Vring ring, @Nullable Fd fd) throws ProtocolException {
    Fd before = ring.call(fd);
    onWorker(
        () -> {
          port.call(ring.index(), fd);
          return true;
        });
    release(before);
  }

  /// SET_VRING_ERR.
  void error(Vring ring, @Nullable Fd fd) throws ProtocolException {
    Fd before = ring.error(fd);
    onWorker(
        () -> {
          port.error(ring.index(), fd);
          return true;
        });
    release(before);
  }

  /// GET_VRING_BASE.
  ///
  /// @return where the ring stopped
  int stop(Vring ring) throws ProtocolException {
    if (ring.running()) {
      pause(ring);
    }
    ring.stopped(ring.base());
    return ring.base();
  }

  /// Stops all rings, as a reset does.
  void stopAll() throws ProtocolException {
    for (Vring ring : rings) {
      stop(ring);
    }
  }

  /// RESET_DEVICE: rings as at first; the memory stays.
  void reset() throws ProtocolException {
    stopAll();
    for (Vring ring : rings) {
      enable(ring, false);
      Fd kick = ring.kick();
      Fd call = ring.call();
      Fd error = ring.error();
      call(ring, null);
      error(ring, null);
      ring.reset();
      release(kick);
      release(call);
      release(error);
    }
  }

  private void pause(Vring ring) throws ProtocolException {
    if (ring.index() == VhostNetPort.TRANSMIT) {
      drain();
    }
    int base = onWorker(() -> port.stop(ring.index()));
    ring.paused(base >= 0 ? base : ring.base());
  }

  /// Waits, not for ever, until the frames that are out have come back.
  private void drain() throws ProtocolException {
    CompletableFuture<Boolean> drained = onWorker(port::drain);
    try {
      drained.get(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      // They are late; base() counts them as not taken.
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Starts every ring of which all is known.
  private void startReady() throws ProtocolException {
    for (Vring ring : rings) {
      if (ring.ready() && !memory.regions().isEmpty()) {
        start(ring);
      }
    }
  }

  private void start(Vring ring) throws ProtocolException {
    if (!Feature.VERSION_1.in(features)) {
      throw new ProtocolException(
          "VIRTIO 6.1", "ring " + ring.index() + " is started without VERSION_1: legacy driver");
    }
    VhostNetPort.Setup setup =
        new VhostNetPort.Setup(ring.place(), features, ring.base(), ring.kick(), ring.call());
    boolean started =
        onWorker(
            () -> {
              port.enable(ring.index(), enabled(ring));
              return port.start(ring.index(), setup);
            });
    if (started) {
      ring.started();
    }
  }

  /// SET_MEM_TABLE: the new table is checked and mapped as a whole, then the old one goes.
  void memory(List<MemoryRegion> table, List<Fd> files) throws ProtocolException {
    if (table.isEmpty() || files.size() != table.size()) {
      throw new ProtocolException(
          "VHOST_USER_SET_MEM_TABLE",
          table.size() + " regions with " + files.size() + " file descriptors");
    }
    List<Region> mapped = new ArrayList<>();
    try {
      for (int i = 0; i < table.size(); i++) {
        mapped.add(Region.map(place(table.get(i)), files.get(i)));
      }
      replace(mapped, true);
    } catch (ProtocolException e) {
      mapped.stream().filter(Region::unused).forEach(Region::close);
      throw e;
    }
  }

  /// ADD_MEM_REG.
  void addRegion(MemoryRegion region, Fd file) throws ProtocolException {
    Region added = Region.map(place(region), file);
    List<Region> regions = new ArrayList<>(memory.regions());
    regions.add(added);
    try {
      replace(regions, false);
    } catch (ProtocolException e) {
      if (added.unused()) {
        added.close();
      }
      throw e;
    }
  }

  /// REM_MEM_REG: named by addresses and size.
  void removeRegion(MemoryRegion region) throws ProtocolException {
    List<Region> regions = new ArrayList<>(memory.regions());
    boolean found =
        regions.removeIf(
            each ->
                each.guestAddress() == region.guestAddress()
                    && each.userAddress() == region.userAddress()
                    && each.size() == region.size());
    if (!found) {
      throw new ProtocolException("VHOST_USER_REM_MEM_REG", "there is no " + place(region));
    }
    replace(regions, false);
  }

  private static Region.Place place(MemoryRegion region) {
    return new Region.Place(
        region.guestAddress(), region.size(), region.userAddress(), region.mmapOffset());
  }

  /// @param moved rings lie elsewhere in the new table, also those with the same addresses
  private void replace(List<Region> regions, boolean moved) throws ProtocolException {
    if (!Feature.ACCESS_PLATFORM.in(features)) {
      requireRings(regions);
    }
    GuestMemory next = GuestMemory.of(regions);
    for (Vring ring : rings) {
      if (moved && ring.running()) {
        pause(ring);
      }
    }
    memory = next;
    onWorker(
        () -> {
          port.memory(next);
          return true;
        });
    startReady();
  }

  private void requireRings(List<Region> regions) throws ProtocolException {
    GuestMemory trial = GuestMemory.trial(regions);
    for (Vring ring : rings) {
      if (ring.running()) {
        ring.place().resolve(trial, null);
      }
    }
  }

  /// IOTLB_MSG, an update.
  void update(long iova, long bytes, long user, int permissions) throws ProtocolException {
    onWorker(
        () -> {
          table().update(iova, bytes, user, permissions);
          return true;
        });
    startReady();
  }

  /// IOTLB_MSG, an invalidation: when it returns, the device does not touch the range any more.
  void invalidate(long iova, long bytes) throws ProtocolException {
    long last = bytes == 0 ? -1 : iova + bytes - 1;
    for (Vring ring : rings) {
      if (ring.running() && ring.place().overlaps(iova, last)) {
        pause(ring);
      }
    }
    boolean busy =
        onWorker(
            () -> {
              boolean used = table().anyNative(iova, bytes, port::inUse);
              table().invalidate(iova, bytes);
              return used;
            });
    if (busy) {
      drain();
      onWorker(
          () -> {
            port.resume();
            return true;
          });
    }
  }

  /// Runs on the worker.
  private Iotlb table() throws ProtocolException {
    Iotlb table = port.iotlb(Feature.ACCESS_PLATFORM.in(features));
    if (table == null) {
      throw new ProtocolException("VHOST_USER_IOTLB_MSG", "without ACCESS_PLATFORM");
    }
    return table;
  }

  /// The session is over: nothing of it is touched any more when this returns; memory in which
  /// frames are out is unmapped when they have come back.
  void close() {
    try {
      onWorker(
          () -> {
            port.detach();
            return true;
          });
      // One more turn, so that what was queued for the descriptors has been handed over.
      onWorker(() -> true);
    } catch (ProtocolException e) {
      throw new AssertionError(e);
    } catch (IllegalStateException _) {
      // The worker has ended, and with it everything that could touch them.
    }
    for (Vring ring : rings) {
      closeNow(ring.kick());
      closeNow(ring.call());
      closeNow(ring.error());
    }
  }

  private void release(@Nullable Fd fd) throws ProtocolException {
    if (fd != null) {
      onWorker(() -> true);
      fd.close();
    }
  }

  private static void closeNow(@Nullable Fd fd) {
    if (fd != null) {
      fd.close();
    }
  }

  private <T> T onWorker(Callable<T> command) throws ProtocolException {
    try {
      return worker.call(command);
    } catch (IllegalStateException e) {
      if (e.getCause() instanceof ProtocolException peer) {
        throw peer;
      }
      throw e;
    }
  }
}
