package braid.virtio;

import braid.virtio.FrontendMessage.AddMemReg;
import braid.virtio.FrontendMessage.CheckDeviceState;
import braid.virtio.FrontendMessage.CloseCryptoSession;
import braid.virtio.FrontendMessage.CreateCryptoSession;
import braid.virtio.FrontendMessage.GetConfig;
import braid.virtio.FrontendMessage.GetFeatures;
import braid.virtio.FrontendMessage.GetInflightFd;
import braid.virtio.FrontendMessage.GetMaxMemSlots;
import braid.virtio.FrontendMessage.GetProtocolFeatures;
import braid.virtio.FrontendMessage.GetQueueNum;
import braid.virtio.FrontendMessage.GetSharedObject;
import braid.virtio.FrontendMessage.GetShmemConfig;
import braid.virtio.FrontendMessage.GetStatus;
import braid.virtio.FrontendMessage.GetVringBase;
import braid.virtio.FrontendMessage.GpuSetSocket;
import braid.virtio.FrontendMessage.IotlbMsg;
import braid.virtio.FrontendMessage.NetSetMtu;
import braid.virtio.FrontendMessage.PostcopyAdvise;
import braid.virtio.FrontendMessage.PostcopyEnd;
import braid.virtio.FrontendMessage.PostcopyListen;
import braid.virtio.FrontendMessage.RemMemReg;
import braid.virtio.FrontendMessage.ResetDevice;
import braid.virtio.FrontendMessage.ResetOwner;
import braid.virtio.FrontendMessage.SendRarp;
import braid.virtio.FrontendMessage.SetBackendReqFd;
import braid.virtio.FrontendMessage.SetConfig;
import braid.virtio.FrontendMessage.SetDeviceStateFd;
import braid.virtio.FrontendMessage.SetFeatures;
import braid.virtio.FrontendMessage.SetInflightFd;
import braid.virtio.FrontendMessage.SetLogBase;
import braid.virtio.FrontendMessage.SetLogFd;
import braid.virtio.FrontendMessage.SetMemTable;
import braid.virtio.FrontendMessage.SetOwner;
import braid.virtio.FrontendMessage.SetProtocolFeatures;
import braid.virtio.FrontendMessage.SetStatus;
import braid.virtio.FrontendMessage.SetVringAddr;
import braid.virtio.FrontendMessage.SetVringBase;
import braid.virtio.FrontendMessage.SetVringCall;
import braid.virtio.FrontendMessage.SetVringEnable;
import braid.virtio.FrontendMessage.SetVringEndian;
import braid.virtio.FrontendMessage.SetVringErr;
import braid.virtio.FrontendMessage.SetVringKick;
import braid.virtio.FrontendMessage.SetVringNum;
import braid.virtio.FrontendMessage.VringKick;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Payloads of the front-end's requests. The sizes have been checked against the table, so no read
/// can run out; what depends on a number inside the payload is checked here.
final class FrontendCodec {
  /// In the number of SET_VRING_KICK and its like: no file descriptor comes along.
  private static final int NO_FD = 1 << 8;

  private FrontendCodec() {}

  static FrontendMessage read(VhostUserRequest request, ByteBuffer in, int fds)
      throws ProtocolException {
    return switch (request) {
      case GET_FEATURES -> new GetFeatures();
      case SET_FEATURES -> new SetFeatures(in.getLong());
      case SET_OWNER -> new SetOwner();
      case RESET_OWNER -> new ResetOwner();
      case SET_MEM_TABLE -> memTable(in, fds);
      case SET_LOG_BASE ->
          in.remaining() == Long.BYTES
              ? new SetLogBase(0, in.getLong())
              : new SetLogBase(in.getLong(), in.getLong());
      case SET_LOG_FD -> new SetLogFd();
      case SET_VRING_NUM -> new SetVringNum(in.getInt(), in.getInt());
      case SET_VRING_ADDR ->
          new SetVringAddr(
              in.getInt(), in.getInt(), in.getLong(), in.getLong(), in.getLong(), in.getLong());
      case SET_VRING_BASE -> new SetVringBase(in.getInt(), in.getInt());
      case GET_VRING_BASE -> new GetVringBase(in.getInt());
      case SET_VRING_KICK -> {
        int number = ringAndFd(request, in, fds);
        yield new SetVringKick(number & 0xff, fds == 1);
      }
      case SET_VRING_CALL -> {
        int number = ringAndFd(request, in, fds);
        yield new SetVringCall(number & 0xff, fds == 1);
      }
      case SET_VRING_ERR -> {
        int number = ringAndFd(request, in, fds);
        yield new SetVringErr(number & 0xff, fds == 1);
      }
      case GET_PROTOCOL_FEATURES -> new GetProtocolFeatures();
      case SET_PROTOCOL_FEATURES -> new SetProtocolFeatures(in.getLong());
      case GET_QUEUE_NUM -> new GetQueueNum();
      case SET_VRING_ENABLE -> new SetVringEnable(in.getInt(), flag(request, in.getInt()));
      case SEND_RARP -> sendRarp(in);
      case NET_SET_MTU -> new NetSetMtu((int) number(request, in.getLong(), 0xffff));
      case SET_BACKEND_REQ_FD -> new SetBackendReqFd();
      case IOTLB_MSG ->
          new IotlbMsg(
              VhostUserCodec.iotlb(in, IotlbEntry.Type.UPDATE, IotlbEntry.Type.INVALIDATE));
      case SET_VRING_ENDIAN -> new SetVringEndian(in.getInt(), flag(request, in.getInt()));
      default -> readMore(request, in);
    };
  }

  private static FrontendMessage readMore(VhostUserRequest request, ByteBuffer in)
      throws ProtocolException {
    return switch (request) {
      case GET_CONFIG -> getConfig(in);
      case SET_CONFIG -> setConfig(in);
      case CREATE_CRYPTO_SESSION -> new CreateCryptoSession(VhostUserCodec.rest(in));
      case CLOSE_CRYPTO_SESSION -> new CloseCryptoSession(in.getLong());
      case POSTCOPY_ADVISE -> new PostcopyAdvise();
      case POSTCOPY_LISTEN -> new PostcopyListen();
      case POSTCOPY_END -> new PostcopyEnd();
      case GET_INFLIGHT_FD -> {
        in.position(16);
        yield new GetInflightFd(in.getShort() & 0xffff, in.getShort() & 0xffff);
      }
      case SET_INFLIGHT_FD ->
          new SetInflightFd(
              in.getLong(), in.getLong(), in.getShort() & 0xffff, in.getShort() & 0xffff);
      case GPU_SET_SOCKET -> new GpuSetSocket();
      case RESET_DEVICE -> new ResetDevice();
      case VRING_KICK -> new VringKick(in.getInt());
      case GET_MAX_MEM_SLOTS -> new GetMaxMemSlots();
      case ADD_MEM_REG -> new AddMemReg(oneRegion(in));
      case REM_MEM_REG -> new RemMemReg(oneRegion(in));
      case SET_STATUS -> new SetStatus((int) number(request, in.getLong(), 0xff));
      case GET_STATUS -> new GetStatus();
      case GET_SHARED_OBJECT -> new GetSharedObject(uuid(in));
      case SET_DEVICE_STATE_FD -> new SetDeviceStateFd(in.getInt(), in.getInt());
      case CHECK_DEVICE_STATE -> new CheckDeviceState();
      case GET_SHMEM_CONFIG -> new GetShmemConfig();
      default -> throw new AssertionError(request + " is not the front-end's");
    };
  }

  private static SetMemTable memTable(ByteBuffer in, int fds) throws ProtocolException {
    int count = in.getInt();
    in.getInt();
    if (count < 0 || count > in.remaining() / MemoryRegion.BYTES || count != fds) {
      throw new ProtocolException(
          "Multiple Memory regions description",
          Integer.toUnsignedString(count)
              + " regions in "
              + in.remaining()
              + " bytes with "
              + fds
              + " file descriptors");
    }
    List<MemoryRegion> regions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      regions.add(region(in));
    }
    return new SetMemTable(regions);
  }

  private static MemoryRegion region(ByteBuffer in) {
    return new MemoryRegion(in.getLong(), in.getLong(), in.getLong(), in.getLong());
  }

  private static MemoryRegion oneRegion(ByteBuffer in) {
    in.getLong();
    return region(in);
  }

  static UUID uuid(ByteBuffer in) {
    return new UUID(Long.reverseBytes(in.getLong()), Long.reverseBytes(in.getLong()));
  }

  private static int ringAndFd(VhostUserRequest request, ByteBuffer in, int fds)
      throws ProtocolException {
    int number = (int) in.getLong();
    boolean none = (number & NO_FD) != 0;
    if (none != (fds == 0)) {
      throw new ProtocolException(
          "VHOST_USER_" + request, "invalid FD flag " + none + " with " + fds + " descriptors");
    }
    return number;
  }

  private static boolean flag(VhostUserRequest request, int value) throws ProtocolException {
    return number(request, value, 1) == 1;
  }

  private static long number(VhostUserRequest request, long value, long max)
      throws ProtocolException {
    if (value < 0 || value > max) {
      throw new ProtocolException(
          "VHOST_USER_" + request, "value 0x" + Long.toHexString(value) + ", at most " + max);
    }
    return value;
  }

  /// "The first 6 bytes of the payload contain the mac address".
  private static SendRarp sendRarp(ByteBuffer in) {
    return new SendRarp(Long.reverseBytes(in.getLong()) >>> 16);
  }

  private static GetConfig getConfig(ByteBuffer in) throws ProtocolException {
    int offset = in.getInt();
    int size = in.getInt();
    int flags = in.getInt();
    // The bytes themselves say nothing yet; some front-ends send them, some do not.
    if (in.remaining() != 0 && in.remaining() != size) {
      throw new ProtocolException(
          "Virtio device config space", "size " + size + " with " + in.remaining() + " bytes");
    }
    checkConfig(offset, size);
    return new GetConfig(offset, size, flags);
  }

  private static SetConfig setConfig(ByteBuffer in) throws ProtocolException {
    int offset = in.getInt();
    int size = in.getInt();
    int flags = in.getInt();
    if (in.remaining() != size) {
      throw new ProtocolException(
          "Virtio device config space", "size " + size + " with " + in.remaining() + " bytes");
    }
    checkConfig(offset, size);
    return new SetConfig(offset, flags, VhostUserCodec.rest(in));
  }

  private static void checkConfig(int offset, int size) throws ProtocolException {
    if (offset < 0
        || size < 0
        || offset > Limits.CONFIG_BYTES_MAX
        || size > Limits.CONFIG_BYTES_MAX - offset) {
      throw new ProtocolException(
          "Virtio device config space",
          "offset "
              + Integer.toUnsignedString(offset)
              + ", size "
              + Integer.toUnsignedString(size));
    }
  }

  static void write(FrontendMessage message, ByteBuffer out) {
    switch (message) {
      case SetFeatures m -> out.putLong(m.features());
      case SetProtocolFeatures m -> out.putLong(m.features());
      case SetMemTable m -> {
        out.putInt(m.regions().size()).putInt(0);
        m.regions().forEach(region -> put(out, region));
      }
      case SetLogBase m -> out.putLong(m.size()).putLong(m.offset());
      case SetVringNum m -> out.putInt(m.index()).putInt(m.num());
      case SetVringAddr m -> {
        out.putInt(m.index()).putInt(m.flags());
        out.putLong(m.descriptor()).putLong(m.used()).putLong(m.available()).putLong(m.log());
      }
      case SetVringBase m -> out.putInt(m.index()).putInt(m.base());
      case GetVringBase m -> out.putInt(m.index()).putInt(0);
      case SetVringKick m -> out.putLong(m.index() | (m.hasFd() ? 0 : NO_FD));
      case SetVringCall m -> out.putLong(m.index() | (m.hasFd() ? 0 : NO_FD));
      case SetVringErr m -> out.putLong(m.index() | (m.hasFd() ? 0 : NO_FD));
      case SetVringEnable m -> out.putInt(m.index()).putInt(m.enabled() ? 1 : 0);
      case SetVringEndian m -> out.putInt(m.index()).putInt(m.bigEndian() ? 1 : 0);
      case SendRarp m -> out.putLong(Long.reverseBytes(m.mac() << 16));
      case NetSetMtu m -> out.putLong(m.mtu());
      case IotlbMsg m -> VhostUserCodec.putIotlb(out, m.entry());
      case GetConfig m ->
          VhostUserCodec.putConfig(out, m.offset(), m.flags(), Octets.of(new byte[m.size()]));
      case SetConfig m -> VhostUserCodec.putConfig(out, m.offset(), m.flags(), m.bytes());
      case CreateCryptoSession m -> out.put(m.description().toArray());
      case CloseCryptoSession m -> out.putLong(m.session());
      case GetInflightFd m -> VhostUserCodec.putInflight(out, 0, 0, m.queues(), m.queueSize());
      case SetInflightFd m ->
          VhostUserCodec.putInflight(out, m.mmapSize(), m.mmapOffset(), m.queues(), m.queueSize());
      case VringKick m -> out.putInt(m.index()).putInt(0);
      case AddMemReg m -> put(out.putLong(0), m.region());
      case RemMemReg m -> put(out.putLong(0), m.region());
      case SetStatus m -> out.putLong(m.status());
      case GetSharedObject m -> put(out, m.object());
      case SetDeviceStateFd m -> out.putInt(m.direction()).putInt(m.phase());
      case GetFeatures _,
          SetOwner _,
          ResetOwner _,
          SetLogFd _,
          GetProtocolFeatures _,
          GetQueueNum _,
          SetBackendReqFd _,
          PostcopyAdvise _,
          PostcopyListen _,
          PostcopyEnd _,
          GpuSetSocket _,
          ResetDevice _,
          GetMaxMemSlots _,
          GetStatus _,
          CheckDeviceState _,
          GetShmemConfig _ -> {}
    }
  }

  private static void put(ByteBuffer out, MemoryRegion region) {
    out.putLong(region.guestAddress()).putLong(region.size());
    out.putLong(region.userAddress()).putLong(region.mmapOffset());
  }

  static void put(ByteBuffer out, UUID object) {
    out.putLong(Long.reverseBytes(object.getMostSignificantBits()));
    out.putLong(Long.reverseBytes(object.getLeastSignificantBits()));
  }
}
