package braid.virtio;

import java.util.List;
import java.util.UUID;

/// The 44 requests of a front-end, in the order of their numbers.
public sealed interface FrontendMessage extends VhostUserMessage {
  /// Which features does the back-end offer?
  record GetFeatures() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_FEATURES;
    }
  }

  /// These features are on.
  ///
  /// @param features bits of [Feature]
  record SetFeatures(long features) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_FEATURES;
    }
  }

  /// The session begins.
  record SetOwner() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_OWNER;
    }
  }

  /// Deprecated: disable the rings, or ignore it.
  record ResetOwner() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.RESET_OWNER;
    }
  }

  /// This is the guest's memory; one file descriptor per region, in the same order.
  ///
  /// @param regions 0 to 8
  record SetMemTable(List<MemoryRegion> regions) implements FrontendMessage {
    /// Copies the list.
    public SetMemTable {
      regions = List.copyOf(regions);
    }

    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_MEM_TABLE;
    }
  }

  /// Dirty pages are logged there.
  ///
  /// @param size   bytes; 0 in the short form without LOG_SHMFD
  /// @param offset in the file that comes along; in the short form the address
  record SetLogBase(long size, long offset) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_LOG_BASE;
    }
  }

  /// Signal this eventfd when the log has changed.
  record SetLogFd() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_LOG_FD;
    }
  }

  /// A ring has that many entries.
  ///
  /// @param index of the ring
  /// @param num   entries, unchecked
  record SetVringNum(int index, int num) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_NUM;
    }
  }

  /// A ring lies there.
  ///
  /// @param index      of the ring
  /// @param flags      bit 0: log writes to the used ring
  /// @param descriptor user address, or IOVA with ACCESS_PLATFORM, of the descriptor table
  /// @param used       the same of the used ring
  /// @param available  the same of the available ring
  /// @param log        guest address for logging
  record SetVringAddr(int index, int flags, long descriptor, long used, long available, long log)
      implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_ADDR;
    }
  }

  /// A ring starts at that position.
  ///
  /// @param index of the ring
  /// @param base  split: bits 0 to 15, position in the available ring; unchecked
  record SetVringBase(int index, int base) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_BASE;
    }
  }

  /// Stop a ring and tell its position.
  ///
  /// @param index of the ring
  record GetVringBase(int index) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_VRING_BASE;
    }
  }

  /// This eventfd tells of new buffers.
  ///
  /// @param index of the ring, 0 to 255
  /// @param hasFd false: poll
  record SetVringKick(int index, boolean hasFd) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_KICK;
    }
  }

  /// Signal this eventfd when buffers are used.
  ///
  /// @param index of the ring, 0 to 255
  /// @param hasFd false: nobody listens
  record SetVringCall(int index, boolean hasFd) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_CALL;
    }
  }

  /// Signal this eventfd on errors.
  ///
  /// @param index of the ring, 0 to 255
  /// @param hasFd false: nobody listens
  record SetVringErr(int index, boolean hasFd) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_ERR;
    }
  }

  /// Which protocol features does the back-end offer?
  record GetProtocolFeatures() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_PROTOCOL_FEATURES;
    }
  }

  /// These protocol features are on.
  ///
  /// @param features bits of [ProtocolFeature]
  record SetProtocolFeatures(long features) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_PROTOCOL_FEATURES;
    }
  }

  /// How many queues can there be?
  record GetQueueNum() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_QUEUE_NUM;
    }
  }

  /// A ring is enabled or disabled.
  ///
  /// @param index   of the ring
  /// @param enabled process it with effects
  record SetVringEnable(int index, boolean enabled) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_ENABLE;
    }
  }

  /// Announce the guest with a RARP.
  ///
  /// @param mac of the guest, first byte highest
  record SendRarp(long mac) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SEND_RARP;
    }
  }

  /// The guest will be told this MTU.
  ///
  /// @param mtu bytes, 0 to 65535
  record NetSetMtu(int mtu) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.NET_SET_MTU;
    }
  }

  /// This socket is for the back-end's requests.
  record SetBackendReqFd() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_BACKEND_REQ_FD;
    }
  }

  /// A translation comes or goes.
  ///
  /// @param entry UPDATE or INVALIDATE
  record IotlbMsg(IotlbEntry entry) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.IOTLB_MSG;
    }
  }

  /// The byte order of a legacy ring.
  ///
  /// @param index     of the ring
  /// @param bigEndian most significant byte first
  record SetVringEndian(int index, boolean bigEndian) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_VRING_ENDIAN;
    }
  }

  /// Read the configuration space.
  ///
  /// @param offset first byte
  /// @param size   bytes, 0 to 256
  /// @param flags  0, or 1 for migration
  record GetConfig(int offset, int size, int flags) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_CONFIG;
    }
  }

  /// Write the configuration space.
  ///
  /// @param offset first byte
  /// @param flags  0 for writable fields, 1 for migration
  /// @param bytes  what to write
  record SetConfig(int offset, int flags, Octets bytes) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_CONFIG;
    }
  }

  /// Open a crypto session.
  ///
  /// @param description not laid down in the specification
  record CreateCryptoSession(Octets description) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.CREATE_CRYPTO_SESSION;
    }
  }

  /// Close a crypto session.
  ///
  /// @param session its id
  record CloseCryptoSession(long session) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.CLOSE_CRYPTO_SESSION;
    }
  }

  /// A postcopy migration will come.
  record PostcopyAdvise() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.POSTCOPY_ADVISE;
    }
  }

  /// Postcopy begins.
  record PostcopyListen() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.POSTCOPY_LISTEN;
    }
  }

  /// Postcopy is over.
  record PostcopyEnd() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.POSTCOPY_END;
    }
  }

  /// Give a buffer for descriptors in flight.
  ///
  /// @param queues    how many
  /// @param queueSize entries of each
  record GetInflightFd(int queues, int queueSize) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_INFLIGHT_FD;
    }
  }

  /// Here is that buffer again.
  ///
  /// @param mmapSize   bytes
  /// @param mmapOffset in the file that comes along
  /// @param queues     how many
  /// @param queueSize  entries of each
  record SetInflightFd(long mmapSize, long mmapOffset, int queues, int queueSize)
      implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_INFLIGHT_FD;
    }
  }

  /// This socket speaks the GPU protocol.
  record GpuSetSocket() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GPU_SET_SOCKET;
    }
  }

  /// Disable the rings and forget the device's state.
  record ResetDevice() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.RESET_DEVICE;
    }
  }

  /// There are new buffers, in band.
  ///
  /// @param index of the ring
  record VringKick(int index) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.VRING_KICK;
    }
  }

  /// How many memory regions can there be?
  record GetMaxMemSlots() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_MAX_MEM_SLOTS;
    }
  }

  /// One more region of memory; its file descriptor comes along.
  ///
  /// @param region where
  record AddMemReg(MemoryRegion region) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.ADD_MEM_REG;
    }
  }

  /// One region of memory goes. A file descriptor that comes along is only closed.
  ///
  /// @param region named by its addresses and size; the offset says nothing
  record RemMemReg(MemoryRegion region) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.REM_MEM_REG;
    }
  }

  /// The device status is now this.
  ///
  /// @param status bits of VIRTIO 2.1, 0 to 255
  record SetStatus(int status) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_STATUS;
    }
  }

  /// What is the device status?
  record GetStatus() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_STATUS;
    }
  }

  /// Give the dma-buf of an object.
  ///
  /// @param object its name
  record GetSharedObject(UUID object) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_SHARED_OBJECT;
    }
  }

  /// Move the device's state through this channel.
  ///
  /// @param direction 0 save, 1 load
  /// @param phase     0 stopped
  record SetDeviceStateFd(int direction, int phase) implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.SET_DEVICE_STATE_FD;
    }
  }

  /// Did the state arrive?
  record CheckDeviceState() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.CHECK_DEVICE_STATE;
    }
  }

  /// Which shared memory regions are there?
  record GetShmemConfig() implements FrontendMessage {
    @Override
    public VhostUserRequest request() {
      return VhostUserRequest.GET_SHMEM_CONFIG;
    }
  }
}
