package braid.host;

import braid.kernel.Fd;
import braid.kernel.UnixSocket;
import braid.port.LinkState;
import braid.virtio.BackendMessage;
import braid.virtio.Feature;
import braid.virtio.Features;
import braid.virtio.FrontendMessage;
import braid.virtio.FrontendMessage.*;
import braid.virtio.IotlbEntry;
import braid.virtio.Octets;
import braid.virtio.ProtocolException;
import braid.virtio.ProtocolFeature;
import braid.virtio.VhostUserCodec;
import braid.virtio.VhostUserHeader;
import braid.virtio.VhostUserReply;
import braid.virtio.VhostUserRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One front-end's connection: the vhost-user protocol from its first message to the end of the
/// stream. Nothing of it is left for the next one.
///
/// **Theory of operation.** Each message is read whole, checked by the codec against the table of
/// all requests, and served by the one switch in [#serve]; one place replies. Three answers are
/// possible to a request we cannot do: the reply that this request has for failure, a non-zero
/// acknowledgement if one was asked for, or the end of the connection.
///
/// **What front-ends do** and the specification does not say aloud: QEMU enables rings before they
/// exist and sets the call descriptor twice; user-mode Linux sends SET_FEATURES a second time
/// without PROTOCOL_FEATURES and then never enables a ring; a migration's destination sets protocol
/// features without asking for them. All of this is accepted.
///
/// **Features.** ACCESS_PLATFORM is offered only once the front-end has taken REPLY_ACK and
/// BACKEND_REQ, without which there is no IOTLB: a front-end that reads the features before that,
/// and hands them to its guest, has none. STATUS, SPEED_DUPLEX, CTRL_VQ and GUEST_ANNOUNCE are
/// taken back when the front-end does not take CONFIG.
///
/// **Thread**: its server's control thread; [#hangUp] and [#configChanged] any; the
/// [PortListener] methods the worker.
final class Session implements PortListener, AutoCloseable {
  /// Protocol features we offer. A list, never "all".
  static final long PROTOCOL =
      ProtocolFeature.of(
          ProtocolFeature.MQ,
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.NET_MTU,
          ProtocolFeature.BACKEND_REQ,
          ProtocolFeature.CONFIG,
          ProtocolFeature.RESET_DEVICE,
          ProtocolFeature.CONFIGURE_MEM_SLOTS,
          ProtocolFeature.STATUS);

  private static final int CONFIG_BYTES = 256;

  /// Requests whose failure leaves everything as it was, so that a refusal is enough.
  private static final Set<VhostUserRequest> REFUSABLE =
      EnumSet.of(
          VhostUserRequest.SET_MEM_TABLE,
          VhostUserRequest.ADD_MEM_REG,
          VhostUserRequest.REM_MEM_REG,
          VhostUserRequest.IOTLB_MSG,
          VhostUserRequest.NET_SET_MTU,
          VhostUserRequest.SET_CONFIG,
          VhostUserRequest.GET_CONFIG);

  /// What a session needs of its server.
  interface Owner {
    /// The card.
    NetDevice device();

    /// The uplink's carrier and speed.
    LinkState link();

    /// A request was refused, the session goes on.
    void refused(String why);

    /// The guest broke a ring; on the worker.
    void broken(String why);
  }

  private final String name;
  private final UnixSocket socket;
  private final Owner owner;
  private final GuestRings rings;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer =
      arena.allocate(VhostUserHeader.BYTES + (long) braid.virtio.Limits.MESSAGE_BYTES_MAX, 8);

  private long offeredEver;
  private long protocolFeatures;
  private boolean protocolSet;
  private int status;
  private int mtu;
  private volatile @Nullable BackendChannel channel;
  private volatile boolean takesConfig;
  private volatile boolean announcing;

  /// A session on a connection that was just made.
  Session(String name, UnixSocket socket, GuestRings rings, Owner owner) {
    this.name = name;
    this.socket = socket;
    this.rings = rings;
    this.owner = owner;
    this.mtu = owner.device().mtu();
  }

  /// Serves until the front-end hangs up.
  ///
  /// @throws ProtocolException when it does what the protocol does not allow
  void run() throws ProtocolException {
    List<Fd> fds = new ArrayList<>();
    try {
      while (true) {
        MemorySegment head = buffer.asSlice(0, VhostUserHeader.BYTES);
        int got = socket.receiveFully(head, fds);
        if (got == 0) {
          return;
        }
        requireWhole(got, VhostUserHeader.BYTES);
        VhostUserHeader header = VhostUserHeader.parse(head.asByteBuffer());
        MemorySegment payload = buffer.asSlice(VhostUserHeader.BYTES, header.size());
        if (header.size() > 0) {
          requireWhole(socket.receiveFully(payload, fds), header.size());
        }
        handle(header, payload, fds);
        closeAll(fds);
      }
    } finally {
      closeAll(fds);
    }
  }

  private static void requireWhole(int got, int wanted) throws ProtocolException {
    if (got != wanted) {
      throw new ProtocolException(
          "Message Specification", "cut short after " + got + " of " + wanted + " bytes");
    }
  }

  private static void closeAll(List<Fd> fds) {
    fds.forEach(Fd::close);
    fds.clear();
  }

  private void handle(VhostUserHeader header, MemorySegment payload, List<Fd> fds)
      throws ProtocolException {
    boolean ackAsked = header.needsReply() && ProtocolFeature.REPLY_ACK.in(protocolFeatures);
    if (header.isReply()) {
      throw new ProtocolException("Header", "request " + header.id() + " has the reply flag");
    }
    Optional<VhostUserRequest> known = header.request(VhostUserRequest.Side.FRONT_END);
    if (known.isEmpty()) {
      refuse(null, header.id(), VhostUserRequest.unknown(ackAsked), "is not known");
      return;
    }
    VhostUserRequest request = known.get();
    if (!request.allowed(PROTOCOL, protocolFeatures)) {
      refuse(request, header.id(), request.refusal(ackAsked), "needs a protocol feature");
      return;
    }
    FrontendMessage message = VhostUserCodec.frontend(header, payload.asByteBuffer(), fds.size());
    VhostUserReply reply;
    try {
      reply = serve(message, fds);
    } catch (Refused e) {
      refuse(request, header.id(), request.refusal(ackAsked), "is not served");
      return;
    } catch (ProtocolException e) {
      if (!REFUSABLE.contains(request)) {
        throw e;
      }
      refuse(request, header.id(), request.refusal(ackAsked), String.valueOf(e.getMessage()));
      return;
    }
    if (reply != null) {
      reply(request, header.id(), reply);
    } else if (header.needsReply() && ProtocolFeature.REPLY_ACK.in(protocolFeatures)) {
      // Asked anew: Linux's virtio_uml wants the very request that turns REPLY_ACK on acknowledged.
      reply(request, header.id(), VhostUserReply.ack(true));
    }
  }

  /// A request that we do not serve at all.
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused() {
      super(null, null, false, false);
    }
  }

  private void refuse(
      @Nullable VhostUserRequest request, int id, VhostUserRequest.Refusal how, String why)
      throws ProtocolException {
    String what = (request == null ? "request " + id : request.toString()) + " " + why;
    switch (how) {
      case VhostUserRequest.Refusal.Answer(VhostUserReply reply) -> {
        owner.refused(what);
        reply(request, id, reply);
      }
      case VhostUserRequest.Refusal.Ignore() -> {}
      case VhostUserRequest.Refusal.Close() -> throw new ProtocolException("Communication", what);
    }
  }

  private void reply(@Nullable VhostUserRequest request, int id, VhostUserReply reply) {
    byte[] bytes;
    if (request == null) {
      // An acknowledgement to a number that nobody knows: a header with that number, and one u64.
      bytes = VhostUserCodec.encodeReply(VhostUserRequest.SET_OWNER, reply);
      bytes[0] = (byte) id;
      bytes[1] = (byte) (id >>> 8);
      bytes[2] = (byte) (id >>> 16);
      bytes[3] = (byte) (id >>> 24);
    } else {
      bytes = VhostUserCodec.encodeReply(request, reply);
    }
    MemorySegment out = buffer.asSlice(0, bytes.length);
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, bytes.length);
    socket.send(out, List.of());
  }

  /// Does what a message says.
  ///
  /// @param fds what came with it; what is kept is taken out, the rest is closed
  /// @return the reply that this request always has; null when it has none
  private @Nullable VhostUserReply serve(FrontendMessage message, List<Fd> fds)
      throws ProtocolException, Refused {
    switch (message) {
      case GetFeatures() -> {
        return new VhostUserReply.U64(offer());
      }
      case SetFeatures(long features) -> setFeatures(features);
      case GetProtocolFeatures() -> {
        return new VhostUserReply.U64(PROTOCOL);
      }
      case SetProtocolFeatures(long features) -> setProtocolFeatures(features);
      case GetQueueNum() -> {
        return new VhostUserReply.U64(1);
      }
      case GetMaxMemSlots() -> {
        return new VhostUserReply.U64(GuestMemory.SLOTS_MAX);
      }
      // SET_OWNER says nothing we need; RESET_OWNER is deprecated and best ignored.
      case SetOwner(), ResetOwner() -> {}
      case SetMemTable(var regions) -> rings.memory(regions, fds);
      case AddMemReg(var region) -> rings.addRegion(region, fds.getFirst());
      case RemMemReg(var region) -> rings.removeRegion(region);
      case SetVringNum _,
          SetVringAddr _,
          SetVringBase _,
          GetVringBase _,
          SetVringKick _,
          SetVringCall _,
          SetVringErr _,
          SetVringEnable _ -> {
        return serveRing(message, fds);
      }
      case NetSetMtu(int bytes) -> setMtu(bytes);
      case SetBackendReqFd() -> setChannel(fds);
      case IotlbMsg(IotlbEntry entry) -> {
        iotlb(entry);
        return VhostUserReply.ack(true);
      }
      case GetConfig(int offset, int size, int flags) -> {
        return config(offset, size, flags);
      }
      case SetConfig(int offset, int flags, Octets bytes) ->
          throw new ProtocolException(
              "VHOST_USER_SET_CONFIG",
              bytes.size() + " bytes at " + offset + ", flags " + flags + ": read-only");
      case ResetDevice() -> {
        status = 0;
        rings.reset();
      }
      case SetStatus(int bits) -> {
        status = bits;
        if (bits == 0) {
          rings.stopAll();
        }
      }
      case GetStatus() -> {
        return new VhostUserReply.U64(status);
      }
      case SetLogBase _,
          SetLogFd _,
          SendRarp _,
          SetVringEndian _,
          CreateCryptoSession _,
          CloseCryptoSession _,
          PostcopyAdvise _,
          PostcopyListen _,
          PostcopyEnd _,
          GetInflightFd _,
          SetInflightFd _,
          GpuSetSocket _,
          VringKick _,
          GetSharedObject _,
          SetDeviceStateFd _,
          CheckDeviceState _,
          GetShmemConfig _ ->
          throw new Refused();
    }
    return null;
  }

  private @Nullable VhostUserReply serveRing(FrontendMessage message, List<Fd> fds)
      throws ProtocolException {
    String clause = "VHOST_USER_" + message.request();
    switch (message) {
      case SetVringNum(int index, int num) -> rings.ring(index, clause).size(num);
      case SetVringAddr(int index, _, long descriptor, long used, long available, _) ->
          rings.addresses(rings.ring(index, clause), descriptor, available, used);
      case SetVringBase(int index, int base) -> rings.ring(index, clause).base(base);
      case GetVringBase(int index) -> {
        return new VhostUserReply.VringBase(index, rings.stop(rings.ring(index, clause)));
      }
      case SetVringKick(int index, boolean hasFd) -> {
        Vring ring = rings.ring(index, clause);
        rings.kick(ring, PeerFds.eventFd(fds, hasFd, clause));
      }
      case SetVringCall(int index, boolean hasFd) -> {
        Vring ring = rings.ring(index, clause);
        rings.call(ring, PeerFds.doorbell(fds, hasFd, clause));
      }
      case SetVringErr(int index, boolean hasFd) -> {
        Vring ring = rings.ring(index, clause);
        rings.error(ring, PeerFds.doorbell(fds, hasFd, clause));
      }
      case SetVringEnable(int index, boolean on) -> rings.enable(rings.ring(index, clause), on);
      default -> throw new AssertionError(message);
    }
    return null;
  }

  private long offer() {
    long offer = owner.device().features();
    boolean iotlb =
        ProtocolFeature.REPLY_ACK.in(protocolFeatures)
            && ProtocolFeature.BACKEND_REQ.in(protocolFeatures);
    if (!iotlb) {
      offer &= ~Feature.ACCESS_PLATFORM.mask();
    }
    if (protocolSet && !ProtocolFeature.CONFIG.in(protocolFeatures)) {
      offer &= ~NetDevice.NEED_CONFIG;
    }
    offeredEver |= offer;
    return offer;
  }

  private void setFeatures(long acked) throws ProtocolException {
    long offered = offeredEver == 0 ? owner.device().features() : offeredEver;
    // QEMU keeps the control queue to itself and passes on a GUEST_ANNOUNCE that is its own matter.
    long ours = Feature.CTRL_VQ.in(acked) ? acked : acked & ~Feature.GUEST_ANNOUNCE.mask();
    Features.check(offered, ours);
    takesConfig =
        Feature.STATUS.in(ours)
            && ProtocolFeature.CONFIG.in(protocolFeatures)
            && ProtocolFeature.BACKEND_REQ.in(protocolFeatures);
    rings.features(ours);
  }

  private void setProtocolFeatures(long acked) throws ProtocolException {
    ProtocolFeature.check(PROTOCOL, acked);
    protocolFeatures = acked;
    protocolSet = true;
  }

  private void setMtu(int bytes) throws ProtocolException {
    if (bytes < braid.virtio.NetConfig.MTU_MIN || bytes > owner.device().mtu()) {
      throw new ProtocolException(
          "VHOST_USER_NET_SET_MTU", "MTU " + bytes + ", at most " + owner.device().mtu());
    }
    mtu = bytes;
  }

  private void setChannel(List<Fd> fds) throws ProtocolException {
    BackendChannel before = channel;
    channel = new BackendChannel(name, UnixSocket.of(PeerFds.socket(fds)));
    if (before != null) {
      before.close();
    }
  }

  private void iotlb(IotlbEntry entry) throws ProtocolException {
    switch (entry.type()) {
      case UPDATE ->
          rings.update(entry.iova(), entry.size(), entry.userAddress(), entry.permissions());
      case INVALIDATE -> rings.invalidate(entry.iova(), entry.size());
      case MISS, ACCESS_FAIL ->
          throw new ProtocolException("An IOTLB message", entry.type() + " from the front-end");
    }
  }

  private VhostUserReply config(int offset, int size, int flags) throws ProtocolException {
    if (size == 0 || offset + size > CONFIG_BYTES) {
      throw new ProtocolException(
          "VHOST_USER_GET_CONFIG", size + " bytes at " + offset + " of " + CONFIG_BYTES);
    }
    byte[] space =
        Arrays.copyOf(owner.device().config(owner.link(), announcing, mtu), CONFIG_BYTES);
    return new VhostUserReply.Config(
        offset, flags, Octets.of(Arrays.copyOfRange(space, offset, offset + size)));
  }

  /// The front-end hears of changes of the configuration space and shows them to its guest.
  boolean takesConfig() {
    return takesConfig;
  }

  /// The configuration space has changed. Any thread.
  void configChanged() {
    BackendChannel to = channel;
    if (takesConfig && to != null) {
      to.send(new BackendMessage.ConfigChange());
    }
  }

  /// Asks the guest to announce itself, if it can. Any thread.
  void announce() {
    announcing = true;
    configChanged();
  }

  /// Ends the connection, and so [#run]. Any thread.
  void hangUp() {
    socket.shutdown();
  }

  @Override
  public void miss(long iova, int permission) {
    BackendChannel to = channel;
    if (to != null) {
      to.send(
          new BackendMessage.Iotlb(new IotlbEntry(iova, 0, 0, permission, IotlbEntry.Type.MISS)));
    }
  }

  @Override
  public void broken(int queue, String why) {
    owner.broken("ring " + queue + ": " + why);
  }

  @Override
  public void announced() {
    announcing = false;
  }

  /// Lets everything go. The control thread, after [#run].
  @Override
  public void close() {
    rings.close();
    BackendChannel open = channel;
    if (open != null) {
      open.close();
    }
    socket.close();
    arena.close();
  }
}
