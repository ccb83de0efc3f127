package braid.virtio;

import java.util.UUID;

/// The 10 requests of a back-end, in the order of their numbers.
public sealed interface BackendMessage extends VhostUserMessage {
  /// A translation is missing, or access was refused.
  ///
  /// @param entry MISS or ACCESS_FAIL
  record Iotlb(IotlbEntry entry) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_IOTLB_MSG;
    }
  }

  /// The configuration space has changed.
  record ConfigChange() implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_CONFIG_CHANGE_MSG;
    }
  }

  /// The doorbell of a ring can be mapped.
  ///
  /// @param index  of the ring, 0 to 255
  /// @param hasFd  its file descriptor comes along; false: forget the one before
  /// @param size   bytes, one page
  /// @param offset in that file
  record VringHostNotifier(int index, boolean hasFd, long size, long offset)
      implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_VRING_HOST_NOTIFIER_MSG;
    }
  }

  /// Buffers were used, in band.
  ///
  /// @param index of the ring
  record VringCall(int index) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_VRING_CALL;
    }
  }

  /// A ring is broken, in band.
  ///
  /// @param index of the ring
  record VringErr(int index) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_VRING_ERR;
    }
  }

  /// An object can be had here.
  ///
  /// @param object its name
  record SharedObjectAdd(UUID object) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_SHARED_OBJECT_ADD;
    }
  }

  /// It can no more.
  ///
  /// @param object its name
  record SharedObjectRemove(UUID object) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_SHARED_OBJECT_REMOVE;
    }
  }

  /// Give an object of another back-end.
  ///
  /// @param object its name
  record SharedObjectLookup(UUID object) implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_SHARED_OBJECT_LOOKUP;
    }
  }

  /// Map a file into a shared memory region.
  ///
  /// @param region    id of the region, 0 to 255
  /// @param fdOffset  in the file that comes along
  /// @param shmOffset in the region
  /// @param length    bytes
  /// @param flags     bit 0: writable
  record ShmemMap(int region, long fdOffset, long shmOffset, long length, long flags)
      implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_SHMEM_MAP;
    }
  }

  /// Take such a mapping back.
  ///
  /// @param region    id of the region, 0 to 255
  /// @param fdOffset  says nothing
  /// @param shmOffset in the region
  /// @param length    bytes, the whole mapping
  /// @param flags     says nothing
  record ShmemUnmap(int region, long fdOffset, long shmOffset, long length, long flags)
      implements BackendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.BACKEND_SHMEM_UNMAP;
    }
  }
}
