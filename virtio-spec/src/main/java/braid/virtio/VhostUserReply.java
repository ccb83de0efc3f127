package braid.virtio;

import java.util.Arrays;
import java.util.List;

/// What comes back for a request. File descriptors travel beside it.
public sealed interface VhostUserReply {
  /// A number: what was asked for, or an acknowledgement (0 is success).
  ///
  /// @param value the number
  record U64(long value) implements VhostUserReply {}

  /// Where a ring stood when it was stopped.
  ///
  /// @param index of the ring
  /// @param base  position in the available ring of the next chain that would have been taken
  record VringBase(int index, int base) implements VhostUserReply {}

  /// A part of the configuration space.
  ///
  /// @param offset first byte, as asked for
  /// @param flags  as asked for
  /// @param bytes  as many as asked for
  record Config(int offset, int flags, Octets bytes) implements VhostUserReply {}

  /// A buffer for descriptors in flight; no size, no file descriptor: there is none.
  ///
  /// @param mmapSize   bytes
  /// @param mmapOffset in the file that comes along
  /// @param queues     how many
  /// @param queueSize  entries of each
  record Inflight(long mmapSize, long mmapOffset, int queues, int queueSize)
      implements VhostUserReply {}

  /// The shared memory regions of a device.
  ///
  /// @param regions how many of the sizes are not 0
  /// @param sizes   256 of them, bytes, by region id
  record ShmemConfig(int regions, List<Long> sizes) implements VhostUserReply {
    /// Copies the list.
    public ShmemConfig {
      if (sizes.size() != 256) {
        throw new IllegalArgumentException(sizes.size() + " sizes, wanted 256");
      }
      sizes = List.copyOf(sizes);
    }

    /// No regions.
    public static ShmemConfig none() {
      Long[] sizes = new Long[256];
      Arrays.fill(sizes, 0L);
      return new ShmemConfig(0, Arrays.asList(sizes));
    }
  }

  /// A crypto session.
  ///
  /// @param description not laid down in the specification
  record CryptoSession(Octets description) implements VhostUserReply {}

  /// No payload: all there is, or that it failed, lies in the file descriptors that come or don't.
  record Empty() implements VhostUserReply {}

  /// An acknowledgement ("REPLY_ACK").
  static U64 ack(boolean success) {
    return new U64(success ? 0 : 1);
  }
}
