package braid.host;

import braid.kernel.Fd;
import braid.kernel.IoUring;
import braid.virtio.DeviceQueue;
import org.jspecify.annotations.Nullable;

/// What every queue of a port has, whatever it is for: its ring while it is started, whether it is
/// enabled, and how both sides notify each other. Worker only.
final class QueueState {
  /// Our notifications.
  final Bell bell;

  /// Tells of a broken ring.
  final Bell error;

  /// The ring; null while the queue is stopped.
  @Nullable DeviceQueue device;

  /// SET_VRING_ENABLE, or that protocol features were not negotiated.
  boolean enabled;

  /// The guest broke the ring: not to be touched until it is started again.
  boolean broken;

  private IoUring.@Nullable Watch watch;

  QueueState(IoUring ring) {
    bell = new Bell(ring);
    error = new Bell(ring);
  }

  /// Started, and not broken.
  boolean live() {
    return device != null && !broken;
  }

  /// Exchanges the guest's notifications.
  ///
  /// @param fd     eventfd, null for none
  /// @param action run when it was signalled, after the worker has woken up
  void watch(IoUring ring, @Nullable Fd fd, Runnable action) {
    if (watch != null) {
      watch.close();
    }
    watch = fd == null ? null : ring.watch(fd, action);
  }

  /// Started, and to be looked at by time because there is no kick eventfd.
  boolean polled() {
    return device != null && watch == null;
  }

  /// The queue is stopped; whether it is enabled stays as it was.
  void reset() {
    if (watch != null) {
      watch.close();
      watch = null;
    }
    device = null;
    broken = false;
    bell.fd(null);
  }
}
