package braid.virtio;

import static braid.virtio.VhostUserPayload.CONFIG;
import static braid.virtio.VhostUserPayload.CRYPTO_SESSION;
import static braid.virtio.VhostUserPayload.DEVICE_STATE;
import static braid.virtio.VhostUserPayload.INFLIGHT;
import static braid.virtio.VhostUserPayload.IOTLB;
import static braid.virtio.VhostUserPayload.LOG;
import static braid.virtio.VhostUserPayload.MEM_REGION;
import static braid.virtio.VhostUserPayload.MEM_TABLE;
import static braid.virtio.VhostUserPayload.MMAP;
import static braid.virtio.VhostUserPayload.NONE;
import static braid.virtio.VhostUserPayload.SHARED_OBJECT;
import static braid.virtio.VhostUserPayload.SHMEM_CONFIG;
import static braid.virtio.VhostUserPayload.U64;
import static braid.virtio.VhostUserPayload.VRING_ADDR;
import static braid.virtio.VhostUserPayload.VRING_AREA;
import static braid.virtio.VhostUserPayload.VRING_STATE;

import java.util.Arrays;
import java.util.Optional;

/// Every request of vhost-user as a table: 44 from the front-end ("Front-end message types"), 10
/// from the back-end ("Back-end message types").
///
/// A row says: the id on the wire, the shape of the payload, the shape of the reply if there is
/// always one, the protocol feature that must be there, and how many file descriptors may come
/// along. Any other request is answered only when REPLY_ACK was negotiated and the sender asks for
/// it ([#refusal], [VhostUserReply#ack]).
public enum VhostUserRequest {
  /// See [FrontendMessage.GetFeatures].
  GET_FEATURES(Row.fe(1, NONE).replies(U64)),
  /// See [FrontendMessage.SetFeatures].
  SET_FEATURES(Row.fe(2, U64)),
  /// See [FrontendMessage.SetOwner].
  SET_OWNER(Row.fe(3, NONE)),
  /// See [FrontendMessage.ResetOwner].
  RESET_OWNER(Row.fe(4, NONE)),
  /// See [FrontendMessage.SetMemTable].
  SET_MEM_TABLE(Row.fe(5, MEM_TABLE).fds(0, Limits.MESSAGE_FDS_MAX)),
  /// See [FrontendMessage.SetLogBase].
  SET_LOG_BASE(Row.fe(6, LOG).replies(U64).needs(ProtocolFeature.LOG_SHMFD).fds(0, 1)),
  /// See [FrontendMessage.SetLogFd].
  SET_LOG_FD(Row.fe(7, NONE).fds(1, 1)),
  /// See [FrontendMessage.SetVringNum].
  SET_VRING_NUM(Row.fe(8, VRING_STATE)),
  /// See [FrontendMessage.SetVringAddr].
  SET_VRING_ADDR(Row.fe(9, VRING_ADDR)),
  /// See [FrontendMessage.SetVringBase].
  SET_VRING_BASE(Row.fe(10, VRING_STATE)),
  /// See [FrontendMessage.GetVringBase].
  GET_VRING_BASE(Row.fe(11, VRING_STATE).replies(VRING_STATE)),
  /// See [FrontendMessage.SetVringKick].
  SET_VRING_KICK(Row.fe(12, U64).fds(0, 1)),
  /// See [FrontendMessage.SetVringCall].
  SET_VRING_CALL(Row.fe(13, U64).fds(0, 1)),
  /// See [FrontendMessage.SetVringErr].
  SET_VRING_ERR(Row.fe(14, U64).fds(0, 1)),
  /// See [FrontendMessage.GetProtocolFeatures].
  GET_PROTOCOL_FEATURES(Row.fe(15, NONE).replies(U64)),
  /// See [FrontendMessage.SetProtocolFeatures].
  SET_PROTOCOL_FEATURES(Row.fe(16, U64)),
  /// See [FrontendMessage.GetQueueNum].
  GET_QUEUE_NUM(Row.fe(17, NONE).replies(U64).needsOffered(ProtocolFeature.MQ)),
  /// See [FrontendMessage.SetVringEnable].
  SET_VRING_ENABLE(Row.fe(18, VRING_STATE)),
  /// See [FrontendMessage.SendRarp].
  SEND_RARP(Row.fe(19, U64).needsOffered(ProtocolFeature.RARP)),
  /// See [FrontendMessage.NetSetMtu].
  NET_SET_MTU(Row.fe(20, U64).needsOffered(ProtocolFeature.NET_MTU)),
  /// See [FrontendMessage.SetBackendReqFd].
  SET_BACKEND_REQ_FD(Row.fe(21, NONE).needsOffered(ProtocolFeature.BACKEND_REQ).fds(1, 1)),
  /// See [FrontendMessage.IotlbMsg].
  IOTLB_MSG(Row.fe(22, IOTLB).replies(U64)),
  /// See [FrontendMessage.SetVringEndian].
  SET_VRING_ENDIAN(Row.fe(23, VRING_STATE).needs(ProtocolFeature.CROSS_ENDIAN)),
  /// See [FrontendMessage.GetConfig].
  GET_CONFIG(Row.fe(24, CONFIG).replies(CONFIG).needs(ProtocolFeature.CONFIG)),
  /// See [FrontendMessage.SetConfig].
  SET_CONFIG(Row.fe(25, CONFIG).needs(ProtocolFeature.CONFIG)),
  /// See [FrontendMessage.CreateCryptoSession].
  CREATE_CRYPTO_SESSION(
      Row.fe(26, CRYPTO_SESSION).replies(CRYPTO_SESSION).needs(ProtocolFeature.CRYPTO_SESSION)),
  /// See [FrontendMessage.CloseCryptoSession].
  CLOSE_CRYPTO_SESSION(Row.fe(27, U64).needs(ProtocolFeature.CRYPTO_SESSION)),
  /// See [FrontendMessage.PostcopyAdvise].
  POSTCOPY_ADVISE(Row.fe(28, NONE).replies(NONE).needs(ProtocolFeature.PAGEFAULT)),
  /// See [FrontendMessage.PostcopyListen].
  POSTCOPY_LISTEN(Row.fe(29, NONE).needs(ProtocolFeature.PAGEFAULT)),
  /// See [FrontendMessage.PostcopyEnd].
  POSTCOPY_END(Row.fe(30, NONE).replies(U64).needs(ProtocolFeature.PAGEFAULT)),
  /// See [FrontendMessage.GetInflightFd].
  GET_INFLIGHT_FD(Row.fe(31, INFLIGHT).replies(INFLIGHT).needs(ProtocolFeature.INFLIGHT_SHMFD)),
  /// See [FrontendMessage.SetInflightFd].
  SET_INFLIGHT_FD(Row.fe(32, INFLIGHT).needs(ProtocolFeature.INFLIGHT_SHMFD).fds(1, 1)),
  /// See [FrontendMessage.GpuSetSocket].
  GPU_SET_SOCKET(Row.fe(33, NONE).fds(1, 1)),
  /// See [FrontendMessage.ResetDevice].
  RESET_DEVICE(Row.fe(34, NONE).needsOffered(ProtocolFeature.RESET_DEVICE)),
  /// See [FrontendMessage.VringKick].
  VRING_KICK(Row.fe(35, VRING_STATE).needs(ProtocolFeature.INBAND_NOTIFICATIONS)),
  /// See [FrontendMessage.GetMaxMemSlots].
  GET_MAX_MEM_SLOTS(Row.fe(36, NONE).replies(U64).needs(ProtocolFeature.CONFIGURE_MEM_SLOTS)),
  /// See [FrontendMessage.AddMemReg].
  ADD_MEM_REG(Row.fe(37, MEM_REGION).needs(ProtocolFeature.CONFIGURE_MEM_SLOTS).fds(1, 1)),
  /// See [FrontendMessage.RemMemReg].
  REM_MEM_REG(Row.fe(38, MEM_REGION).needs(ProtocolFeature.CONFIGURE_MEM_SLOTS).fds(0, 1)),
  /// See [FrontendMessage.SetStatus].
  SET_STATUS(Row.fe(39, U64).needs(ProtocolFeature.STATUS)),
  /// See [FrontendMessage.GetStatus].
  GET_STATUS(Row.fe(40, NONE).replies(U64).needs(ProtocolFeature.STATUS)),
  /// See [FrontendMessage.GetSharedObject].
  GET_SHARED_OBJECT(Row.fe(41, SHARED_OBJECT).replies(NONE).needs(ProtocolFeature.SHARED_OBJECT)),
  /// See [FrontendMessage.SetDeviceStateFd].
  SET_DEVICE_STATE_FD(
      Row.fe(42, DEVICE_STATE).replies(U64).needs(ProtocolFeature.DEVICE_STATE).fds(1, 1)),
  /// See [FrontendMessage.CheckDeviceState].
  CHECK_DEVICE_STATE(Row.fe(43, NONE).replies(U64).needs(ProtocolFeature.DEVICE_STATE)),
  /// See [FrontendMessage.GetShmemConfig].
  GET_SHMEM_CONFIG(Row.fe(44, NONE).replies(SHMEM_CONFIG).needs(ProtocolFeature.SHMEM)),

  /// See [BackendMessage.Iotlb].
  BACKEND_IOTLB_MSG(Row.be(1, IOTLB)),
  /// See [BackendMessage.ConfigChange].
  BACKEND_CONFIG_CHANGE_MSG(Row.be(2, NONE).needs(ProtocolFeature.CONFIG)),
  /// See [BackendMessage.VringHostNotifier].
  BACKEND_VRING_HOST_NOTIFIER_MSG(
      Row.be(3, VRING_AREA).needs(ProtocolFeature.HOST_NOTIFIER).fds(0, 1)),
  /// See [BackendMessage.VringCall].
  BACKEND_VRING_CALL(Row.be(4, VRING_STATE).needs(ProtocolFeature.INBAND_NOTIFICATIONS)),
  /// See [BackendMessage.VringErr].
  BACKEND_VRING_ERR(Row.be(5, VRING_STATE).needs(ProtocolFeature.INBAND_NOTIFICATIONS)),
  /// See [BackendMessage.SharedObjectAdd].
  BACKEND_SHARED_OBJECT_ADD(Row.be(6, SHARED_OBJECT).needs(ProtocolFeature.SHARED_OBJECT)),
  /// See [BackendMessage.SharedObjectRemove].
  BACKEND_SHARED_OBJECT_REMOVE(Row.be(7, SHARED_OBJECT).needs(ProtocolFeature.SHARED_OBJECT)),
  /// See [BackendMessage.SharedObjectLookup].
  BACKEND_SHARED_OBJECT_LOOKUP(
      Row.be(8, SHARED_OBJECT).replies(U64).needs(ProtocolFeature.SHARED_OBJECT)),
  /// See [BackendMessage.ShmemMap].
  BACKEND_SHMEM_MAP(Row.be(9, MMAP).needs(ProtocolFeature.SHMEM).fds(1, 1)),
  /// See [BackendMessage.ShmemUnmap].
  BACKEND_SHMEM_UNMAP(Row.be(10, MMAP).replies(U64).needs(ProtocolFeature.SHMEM));

  /// Who sends a request.
  public enum Side {
    /// The VMM.
    FRONT_END,
    /// The device.
    BACK_END
  }

  private record Row(
      Side side,
      int id,
      VhostUserPayload payload,
      Optional<VhostUserPayload> reply,
      long needed,
      boolean offeredSuffices,
      int fdsMin,
      int fdsMax) {

    static Row fe(int id, VhostUserPayload payload) {
      return new Row(Side.FRONT_END, id, payload, Optional.empty(), 0, false, 0, 0);
    }

    static Row be(int id, VhostUserPayload payload) {
      return new Row(Side.BACK_END, id, payload, Optional.empty(), 0, false, 0, 0);
    }

    Row replies(VhostUserPayload shape) {
      return new Row(
          side, id, payload, Optional.of(shape), needed, offeredSuffices, fdsMin, fdsMax);
    }

    Row needs(ProtocolFeature feature) {
      return new Row(side, id, payload, reply, feature.mask(), false, fdsMin, fdsMax);
    }

    Row needsOffered(ProtocolFeature feature) {
      return new Row(side, id, payload, reply, feature.mask(), true, fdsMin, fdsMax);
    }

    Row fds(int min, int max) {
      return new Row(side, id, payload, reply, needed, offeredSuffices, min, max);
    }
  }

  /// What a side does with a request that it does not serve.
  public sealed interface Refusal {
    /// It sends this reply.
    ///
    /// @param reply says that it failed, in the way of this request
    record Answer(VhostUserReply reply) implements Refusal {}

    /// It goes on as if nothing had come.
    record Ignore() implements Refusal {}

    /// It closes the connection: the sender would go on in the belief that it was served.
    record Close() implements Refusal {}
  }

  private static final VhostUserRequest[] FRONT_END = index(Side.FRONT_END);
  private static final VhostUserRequest[] BACK_END = index(Side.BACK_END);

  private final Side side;
  private final int id;
  private final VhostUserPayload payload;
  private final Optional<VhostUserPayload> reply;
  private final long needed;
  private final boolean offeredSuffices;
  private final int fdsMin;
  private final int fdsMax;

  VhostUserRequest(Row row) {
    this.side = row.side;
    this.id = row.id;
    this.payload = row.payload;
    this.reply = row.reply;
    this.needed = row.needed;
    this.offeredSuffices = row.offeredSuffices;
    this.fdsMin = row.fdsMin;
    this.fdsMax = row.fdsMax;
  }

  private static VhostUserRequest[] index(Side side) {
    return Arrays.stream(values())
        .filter(request -> request.side() == side)
        .toArray(VhostUserRequest[]::new);
  }

  /// The request with that number, if there is one. The numbers of a side have no gaps: the n-th
  /// row is number n.
  public static Optional<VhostUserRequest> find(Side side, int id) {
    VhostUserRequest[] requests = side == Side.FRONT_END ? FRONT_END : BACK_END;
    return id >= 1 && id <= requests.length ? Optional.of(requests[id - 1]) : Optional.empty();
  }

  /// Who sends it.
  public Side side() {
    return side;
  }

  /// Its number on the wire.
  public int id() {
    return id;
  }

  /// Shape of its payload.
  public VhostUserPayload payload() {
    return payload;
  }

  /// Shape of the reply that is sent whether or not one was asked for; empty when only an
  /// acknowledgement can be asked for. (Postcopy gives SET_MEM_TABLE and ADD_MEM_REG a reply of
  /// their own; it is not offered here.)
  public Optional<VhostUserPayload> reply() {
    return reply;
  }

  /// The protocol features it needs, 0 for none.
  public long needs() {
    return needed;
  }

  /// It may be sent with these protocol features. For some the specification wants the feature only
  /// offered.
  public boolean allowed(long offered, long acked) {
    return (needed & ~(offeredSuffices ? offered : acked)) == 0;
  }

  /// Fewest file descriptors that come with it.
  public int fdsMin() {
    return fdsMin;
  }

  /// Most file descriptors that come with it.
  public int fdsMax() {
    return fdsMax;
  }

  /// What to do with this request when it is not served. The specification: whoever has a reply of
  /// its own gets one that says so; else an acknowledgement, if asked for, is non-zero
  /// ("REPLY_ACK"); RESET_OWNER is best ignored; and for the rest a back-end that detects an error
  /// may close the connection ("Communication").
  ///
  /// @param ackAsked REPLY_ACK was negotiated and the request has the need_reply flag
  public Refusal refusal(boolean ackAsked) {
    return switch (this) {
      case SET_LOG_BASE,
          IOTLB_MSG,
          POSTCOPY_END,
          CHECK_DEVICE_STATE,
          BACKEND_SHARED_OBJECT_LOOKUP,
          BACKEND_SHMEM_UNMAP ->
          new Refusal.Answer(VhostUserReply.ack(false));
      // Error in bits 0 to 7, and bit 8: no file descriptor comes back.
      case SET_DEVICE_STATE_FD -> new Refusal.Answer(new VhostUserReply.U64(0x101));
      case GET_CONFIG, POSTCOPY_ADVISE, GET_SHARED_OBJECT ->
          new Refusal.Answer(new VhostUserReply.Empty());
      case GET_INFLIGHT_FD -> new Refusal.Answer(new VhostUserReply.Inflight(0, 0, 0, 0));
      case GET_SHMEM_CONFIG -> new Refusal.Answer(VhostUserReply.ShmemConfig.none());
      case RESET_OWNER ->
          ackAsked ? new Refusal.Answer(VhostUserReply.ack(false)) : new Refusal.Ignore();
      default -> unknown(ackAsked && reply.isEmpty());
    };
  }

  /// What to do with a request whose number is not known.
  public static Refusal unknown(boolean ackAsked) {
    return ackAsked ? new Refusal.Answer(VhostUserReply.ack(false)) : new Refusal.Close();
  }
}
