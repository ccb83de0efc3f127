package braid.guest;

import braid.kernel.IoUring;
import braid.virtio.NetConfig;
import braid.virtio.SplitRing;

/// How a driver reaches its device: PCI registers ([VirtioPciTransport]) or vhost-user messages
/// ([VhostUserTransport]). The verbs are those of VIRTIO 1.3, chapter 2 and 4.
///
/// **Who calls when**: [VirtioNetPort] only, and never two threads at a time: first the control
/// thread that opens the port, then its worker.
///
/// **Addresses** are native; the transport turns them into what the device understands.
///
/// **Errors**: [braid.kernel.LinuxException] or [TransportException] from set-up calls. A device
/// that is not there any more reads as status [#GONE].
public interface VirtioTransport extends AutoCloseable {
  /// What [#status] gives when the device is no longer there (PCI reads all ones).
  int GONE = 0xff;

  /// What a device tells by itself, on the worker.
  interface Events {
    /// A queue has used buffers; nothing to do but to look.
    void used();

    /// The configuration or the device status changed.
    void changed();
  }

  /// For logs: PCI address or socket path.
  String name();

  /// Feature bits that the device offers (VIRTIO 1.3, 2.2).
  long deviceFeatures();

  /// Feature bits without which this transport is not safe to use; the driver gives up rather
  /// than go without.
  long requiredFeatures();

  /// Tells the device which features the driver takes (VIRTIO 1.3, 2.2).
  void driverFeatures(long features);

  /// Device status (VIRTIO 1.3, 2.1), [#GONE] when there is no device.
  int status();

  /// Writes the device status; bits are only added, see [#reset] (VIRTIO 1.3, 2.1.1).
  void status(int bits);

  /// Resets the device and returns when it says that it is done: afterwards it touches no memory.
  void reset();

  /// Most entries the device takes for a queue, 0 when it has no such queue.
  int queueSizeMax(int queue);

  /// Tells the device where a queue lies and turns it on.
  ///
  /// @param queue 0 receive, 1 transmit (VIRTIO 1.3, 5.1.2)
  /// @param ring  in DMA memory, empty
  void queue(int queue, SplitRing ring);

  /// Tells the device that a queue has new buffers (VIRTIO 1.3, 2.9).
  void notifyQueue(int queue);

  /// The device's configuration, consistent in itself (VIRTIO 1.3, 2.5.1).
  NetConfig config();

  /// A native address in DMA memory as the device sees it: one addition.
  long deviceAddress(long address);

  /// Has the device's signals come to `events`, on the thread of `ring`; once.
  void watch(IoUring ring, Events events);

  /// Ends watching and lets the device go. On the worker, or when it has ended.
  @Override
  void close();
}
