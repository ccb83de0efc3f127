package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.virtio.VhostUserRequest.Refusal;
import braid.virtio.VhostUserRequest.Side;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VhostUserCodecTest {
  private static final MemoryRegion REGION =
      new MemoryRegion(0x1_0000_0000L, 0x1000_0000L, 0x7f12_3456_7000L, 0x8000L);
  private static final UUID OBJECT = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
  private static final Octets BYTES = Octets.of((byte) 1, (byte) 2, (byte) 0xff);

  /// One of every kind, with telling numbers.
  static Stream<VhostUserMessage> messages() {
    return Stream.of(
        new FrontendMessage.GetFeatures(),
        new FrontendMessage.SetFeatures(0x1_4000_8021L),
        new FrontendMessage.SetOwner(),
        new FrontendMessage.ResetOwner(),
        new FrontendMessage.SetMemTable(List.of(REGION, REGION)),
        new FrontendMessage.SetMemTable(Collections.nCopies(8, REGION)),
        new FrontendMessage.SetLogBase(0x1000, 0x2000),
        new FrontendMessage.SetLogFd(),
        new FrontendMessage.SetVringNum(1, 256),
        new FrontendMessage.SetVringAddr(1, 1, 0x1000, 0x2000, 0x3000, 0x4000),
        new FrontendMessage.SetVringBase(1, 0xffff),
        new FrontendMessage.GetVringBase(7),
        new FrontendMessage.SetVringKick(3, true),
        new FrontendMessage.SetVringKick(255, false),
        new FrontendMessage.SetVringCall(3, true),
        new FrontendMessage.SetVringCall(255, false),
        new FrontendMessage.SetVringErr(3, true),
        new FrontendMessage.SetVringErr(255, false),
        new FrontendMessage.GetProtocolFeatures(),
        new FrontendMessage.SetProtocolFeatures(0xa228),
        new FrontendMessage.GetQueueNum(),
        new FrontendMessage.SetVringEnable(1, true),
        new FrontendMessage.SetVringEnable(0, false),
        new FrontendMessage.SendRarp(0x5254_00ab_cdefL),
        new FrontendMessage.NetSetMtu(9000),
        new FrontendMessage.SetBackendReqFd(),
        new FrontendMessage.IotlbMsg(
            new IotlbEntry(0x1000, 0x2000, 0x7f00_0000_0000L, 3, IotlbEntry.Type.UPDATE)),
        new FrontendMessage.IotlbMsg(
            new IotlbEntry(0x1000, 0x2000, 0, 0, IotlbEntry.Type.INVALIDATE)),
        new FrontendMessage.SetVringEndian(1, true),
        new FrontendMessage.GetConfig(0, 28, 0),
        new FrontendMessage.SetConfig(6, 1, BYTES),
        new FrontendMessage.CreateCryptoSession(BYTES),
        new FrontendMessage.CloseCryptoSession(-1),
        new FrontendMessage.PostcopyAdvise(),
        new FrontendMessage.PostcopyListen(),
        new FrontendMessage.PostcopyEnd(),
        new FrontendMessage.GetInflightFd(2, 256),
        new FrontendMessage.SetInflightFd(0x4000, 0x1000, 2, 256),
        new FrontendMessage.GpuSetSocket(),
        new FrontendMessage.ResetDevice(),
        new FrontendMessage.VringKick(1),
        new FrontendMessage.GetMaxMemSlots(),
        new FrontendMessage.AddMemReg(REGION),
        new FrontendMessage.RemMemReg(REGION),
        new FrontendMessage.SetStatus(0xf),
        new FrontendMessage.GetStatus(),
        new FrontendMessage.GetSharedObject(OBJECT),
        new FrontendMessage.SetDeviceStateFd(1, 0),
        new FrontendMessage.CheckDeviceState(),
        new FrontendMessage.GetShmemConfig(),
        new BackendMessage.Iotlb(new IotlbEntry(0x5000, 0, 0, 2, IotlbEntry.Type.MISS)),
        new BackendMessage.Iotlb(new IotlbEntry(0x5000, 0, 0, 1, IotlbEntry.Type.ACCESS_FAIL)),
        new BackendMessage.ConfigChange(),
        new BackendMessage.VringHostNotifier(3, true, 4096, 8192),
        new BackendMessage.VringHostNotifier(3, false, 4096, 8192),
        new BackendMessage.VringCall(1),
        new BackendMessage.VringErr(1),
        new BackendMessage.SharedObjectAdd(OBJECT),
        new BackendMessage.SharedObjectRemove(OBJECT),
        new BackendMessage.SharedObjectLookup(OBJECT),
        new BackendMessage.ShmemMap(255, 1, 2, 3, 1),
        new BackendMessage.ShmemUnmap(0, 0, 2, 3, 0));
  }

  /// How many file descriptors a message says it has.
  private static int fds(VhostUserMessage message) {
    return switch (message) {
      case FrontendMessage.SetMemTable m -> m.regions().size();
      case FrontendMessage.SetVringKick m -> m.hasFd() ? 1 : 0;
      case FrontendMessage.SetVringCall m -> m.hasFd() ? 1 : 0;
      case FrontendMessage.SetVringErr m -> m.hasFd() ? 1 : 0;
      case BackendMessage.VringHostNotifier m -> m.hasFd() ? 1 : 0;
      default -> message.request().fdsMin();
    };
  }

  private static VhostUserMessage decode(Side side, byte[] bytes, int fds)
      throws ProtocolException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    VhostUserHeader header = VhostUserHeader.parse(in);
    ByteBuffer payload = in.position(VhostUserHeader.BYTES);
    return side == Side.FRONT_END
        ? VhostUserCodec.frontend(header, payload, fds)
        : VhostUserCodec.backend(header, payload, fds);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageSurvivesTheWire(VhostUserMessage message) throws ProtocolException {
    byte[] bytes = VhostUserCodec.encode(message, true);
    VhostUserHeader header = VhostUserHeader.parse(ByteBuffer.wrap(bytes));
    assertThat(header.id()).isEqualTo(message.request().id());
    assertThat(header.flags()).isEqualTo(0x9);
    assertThat(header.size()).isEqualTo(bytes.length - VhostUserHeader.BYTES);
    assertThat(header.request(message.request().side())).contains(message.request());
    assertThat(decode(message.request().side(), bytes, fds(message))).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageCutShortOrTooLongIsRefused(VhostUserMessage message) {
    Side side = message.request().side();
    byte[] bytes = VhostUserCodec.encode(message, false);
    for (int size = VhostUserHeader.BYTES; size <= bytes.length + 16; size++) {
      if (message.request().payload().fits(size - VhostUserHeader.BYTES)) {
        continue;
      }
      byte[] other = Arrays.copyOf(bytes, size);
      ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN).putInt(8, size - VhostUserHeader.BYTES);
      assertThatThrownBy(() -> decode(side, other, fds(message)))
          .isInstanceOf(ProtocolException.class);
    }
    // The header says one length, the payload has another.
    assertThatThrownBy(() -> decode(side, Arrays.copyOf(bytes, bytes.length + 1), fds(message)))
        .isInstanceOf(ProtocolException.class);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageWithTooManyOrTooFewDescriptorsIsRefused(VhostUserMessage message) {
    byte[] bytes = VhostUserCodec.encode(message, false);
    for (int fds = 0; fds <= Limits.MESSAGE_FDS_MAX + 1; fds++) {
      int count = fds;
      boolean allowed =
          fds == fds(message)
              || (fds >= message.request().fdsMin()
                  && fds <= message.request().fdsMax()
                  && (message instanceof FrontendMessage.SetLogBase
                      || message instanceof FrontendMessage.RemMemReg));
      if (!allowed) {
        assertThatThrownBy(() -> decode(message.request().side(), bytes, count))
            .isInstanceOf(ProtocolException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aReplyFlagOnARequestIsRefused(VhostUserMessage message) {
    byte[] bytes = VhostUserCodec.encode(message, false);
    bytes[4] |= VhostUserHeader.REPLY;
    assertThatThrownBy(() -> decode(message.request().side(), bytes, fds(message)))
        .isInstanceOf(ProtocolException.class);
  }

  @Test
  void thereIsAMessageForEveryRequest() {
    assertThat(messages().map(VhostUserMessage::request).distinct())
        .containsExactlyInAnyOrder(VhostUserRequest.values());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // SET_VRING_ADDR: index 1, flags 0, then descriptor, used, available, log.
        "09000000 01000000 28000000 01000000 00000000 0010000000000000 0020000000000000"
            + " 0030000000000000 0000000000000000",
        // SET_VRING_KICK of ring 1 without a descriptor.
        "0c000000 01000000 08000000 0101000000000000",
        // SEND_RARP of 52:54:00:ab:cd:ef.
        "13000000 01000000 08000000 525400abcdef0000",
      })
  void theBytesAreThoseOfTheSpecification(String hex) throws ProtocolException {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    VhostUserMessage message = decode(Side.FRONT_END, bytes, 0);
    assertThat(VhostUserCodec.encode(message, false)).isEqualTo(bytes);
    switch (message) {
      case FrontendMessage.SetVringAddr m -> {
        assertThat(m.descriptor()).isEqualTo(0x1000);
        assertThat(m.used()).isEqualTo(0x2000);
        assertThat(m.available()).isEqualTo(0x3000);
      }
      case FrontendMessage.SetVringKick m -> assertThat(m.hasFd()).isFalse();
      case FrontendMessage.SendRarp m -> assertThat(m.mac()).isEqualTo(0x5254_00ab_cdefL);
      default -> throw new AssertionError(message);
    }
  }

  @Test
  void aUuidIsInNetworkOrder() {
    byte[] bytes = VhostUserCodec.encode(new FrontendMessage.GetSharedObject(OBJECT), false);
    assertThat(HexFormat.of().formatHex(bytes, 12, 28))
        .isEqualTo("00112233445566778899aabbccddeeff");
  }

  @ParameterizedTest
  @EnumSource(VhostUserPayload.class)
  void theSizesOfTheShapesAreThoseOfTheSpecification(VhostUserPayload shape) {
    int bytes =
        switch (shape) {
          case NONE, CRYPTO_SESSION -> 0;
          case U64, VRING_STATE, DEVICE_STATE, LOG, MEM_TABLE -> 8;
          case CONFIG -> 12;
          case SHARED_OBJECT -> 16;
          case INFLIGHT -> 20;
          case VRING_AREA -> 24;
          case IOTLB -> 26;
          case VRING_ADDR, MEM_REGION, MMAP -> 40;
          case SHMEM_CONFIG -> 2056;
        };
    assertThat(shape.min()).isEqualTo(bytes);
    assertThat(shape.fits(bytes)).isTrue();
    assertThat(shape.fits(bytes - 1)).isFalse();
    assertThat(shape.fits(shape.max() + 1)).isFalse();
    assertThat(shape.fits(shape.max())).isTrue();
  }

  @Test
  void aLogBaseOfOneNumberIsTheShortForm() throws ProtocolException {
    byte[] bytes =
        HexFormat.of().parseHex("06000000 01000000 08000000 0010000000000000".replace(" ", ""));
    assertThat(decode(Side.FRONT_END, bytes, 0))
        .isEqualTo(new FrontendMessage.SetLogBase(0, 0x1000));
  }

  @Test
  void anUnpaddedIotlbMessageIsTakenToo() throws ProtocolException {
    FrontendMessage message =
        new FrontendMessage.IotlbMsg(new IotlbEntry(1, 2, 3, 3, IotlbEntry.Type.UPDATE));
    byte[] bytes = Arrays.copyOf(VhostUserCodec.encode(message, false), 12 + 26);
    bytes[8] = 26;
    assertThat(decode(Side.FRONT_END, bytes, 0)).isEqualTo(message);
  }

  @Test
  void aGetConfigWithoutBytesIsTakenToo() throws ProtocolException {
    FrontendMessage message = new FrontendMessage.GetConfig(0, 28, 0);
    byte[] bytes = Arrays.copyOf(VhostUserCodec.encode(message, false), 12 + 12);
    bytes[8] = 12;
    assertThat(decode(Side.FRONT_END, bytes, 0)).isEqualTo(message);
  }

  @Test
  void aTableOfMemoryMayHaveRoomForMoreRegionsThanItSays() throws ProtocolException {
    byte[] bytes =
        VhostUserCodec.encode(
            new FrontendMessage.SetMemTable(Collections.nCopies(8, REGION)), false);
    bytes[12] = 1;
    assertThat(decode(Side.FRONT_END, bytes, 1))
        .isEqualTo(new FrontendMessage.SetMemTable(List.of(REGION)));
  }

  private static void refusedWith(VhostUserMessage message, int at, int value, int fds) {
    byte[] bytes = VhostUserCodec.encode(message, false);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(12 + at, value);
    assertThatThrownBy(() -> decode(message.request().side(), bytes, fds))
        .isInstanceOf(ProtocolException.class);
  }

  @Test
  void aTableOfMemoryThatSaysMoreRegionsThanItHasIsRefused() {
    refusedWith(new FrontendMessage.SetMemTable(List.of(REGION)), 0, 2, 2);
    refusedWith(new FrontendMessage.SetMemTable(List.of(REGION)), 0, -1, 1);
    refusedWith(new FrontendMessage.SetMemTable(List.of(REGION)), 0, 0x7fff_ffff, 1);
  }

  @Test
  void aRingIsEnabledByOneAndDisabledByZeroAndNothingElse() {
    refusedWith(new FrontendMessage.SetVringEnable(0, true), 4, 2, 0);
    refusedWith(new FrontendMessage.SetVringEnable(0, true), 4, -1, 0);
  }

  @Test
  void anMtuAndAStatusHaveTheirRange() {
    refusedWith(new FrontendMessage.NetSetMtu(1500), 0, 0x10000, 0);
    refusedWith(new FrontendMessage.NetSetMtu(1500), 4, 1, 0);
    refusedWith(new FrontendMessage.SetStatus(1), 0, 0x100, 0);
  }

  @Test
  void anIotlbMessageOfTheWrongTypeOrWithUnknownPermissionsIsRefused() {
    IotlbEntry entry = new IotlbEntry(1, 2, 3, 3, IotlbEntry.Type.UPDATE);
    for (int type : new int[] {0, 1, 4, 5, 255}) {
      refusedWith(new FrontendMessage.IotlbMsg(entry), 24, type << 8, 0);
    }
    refusedWith(new FrontendMessage.IotlbMsg(entry), 24, 0x0204, 0);
    IotlbEntry miss = new IotlbEntry(1, 0, 0, 1, IotlbEntry.Type.MISS);
    refusedWith(new BackendMessage.Iotlb(miss), 24, 0x0201, 0);
  }

  @Test
  void aConfigurationOutsideTheSpaceIsRefused() {
    refusedWith(new FrontendMessage.GetConfig(0, 28, 0), 4, 29, 0);
    refusedWith(new FrontendMessage.GetConfig(0, 28, 0), 4, -1, 0);
    refusedWith(new FrontendMessage.GetConfig(0, 28, 0), 0, -1, 0);
    refusedWith(new FrontendMessage.GetConfig(0, 28, 0), 0, 250, 0);
    refusedWith(new FrontendMessage.SetConfig(0, 0, BYTES), 4, 2, 0);
    refusedWith(new FrontendMessage.SetConfig(0, 0, BYTES), 0, 0x7fff_fffe, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3})
  void anotherVersionIsRefused(int version) {
    ByteBuffer in = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    in.putInt(0, 1).putInt(4, version).putInt(8, 0);
    assertThatThrownBy(() -> VhostUserHeader.parse(in)).isInstanceOf(ProtocolException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {Limits.MESSAGE_BYTES_MAX + 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void aSizeBeyondTheLimitIsRefused(int size) {
    ByteBuffer in = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    in.putInt(0, 1).putInt(4, 1).putInt(8, size);
    assertThatThrownBy(() -> VhostUserHeader.parse(in)).isInstanceOf(ProtocolException.class);
  }

  @Test
  void aShortHeaderIsRefused() {
    assertThatThrownBy(() -> VhostUserHeader.parse(ByteBuffer.allocate(11)))
        .isInstanceOf(ProtocolException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 45, 1000, -1})
  void anUnknownRequestIsRefused(int id) throws ProtocolException {
    VhostUserHeader header = new VhostUserHeader(id, 1, 0);
    assertThat(header.request(Side.FRONT_END)).isEmpty();
    assertThatThrownBy(() -> VhostUserCodec.frontend(header, ByteBuffer.allocate(0), 0))
        .isInstanceOf(ProtocolException.class);
    assertThat(VhostUserRequest.unknown(true))
        .isEqualTo(new Refusal.Answer(new VhostUserReply.U64(1)));
    assertThat(VhostUserRequest.unknown(false)).isEqualTo(new Refusal.Close());
  }

  /// Bytes nobody meant: whatever they are, they become a message or a ProtocolException.
  @ParameterizedTest
  @MethodSource("seeds")
  void randomBytesNeverEscapeTheCodec(long seed) {
    Random random = new Random(seed);
    int taken = 0;
    for (int i = 0; i < 20_000; i++) {
      Side side = random.nextBoolean() ? Side.FRONT_END : Side.BACK_END;
      VhostUserRequest request =
          VhostUserRequest.find(side, 1 + random.nextInt(side == Side.FRONT_END ? 44 : 10)).get();
      int span = Math.min(request.payload().max() - request.payload().min(), 300);
      byte[] bytes = new byte[12 + request.payload().min() + random.nextInt(span + 1)];
      if (random.nextInt(3) != 0) {
        random.nextBytes(bytes);
      }
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(0, request.id())
          .putInt(4, 1)
          .putInt(8, bytes.length - 12);
      int fds = random.nextInt(3);
      try {
        VhostUserMessage message = decode(side, bytes, fds);
        assertThat(message.request()).isEqualTo(request);
        assertThat(decode(side, VhostUserCodec.encode(message, false), fds)).isEqualTo(message);
        taken++;
      } catch (ProtocolException e) {
        assertThat(e.clause()).isNotEmpty();
      }
    }
    assertThat(taken).isPositive();
  }

  static IntStream seeds() {
    return IntStream.range(0, 8);
  }

  static Stream<Object[]> replies() {
    return Stream.of(
        new Object[] {VhostUserRequest.GET_FEATURES, new VhostUserReply.U64(-1)},
        new Object[] {VhostUserRequest.SET_OWNER, VhostUserReply.ack(true)},
        new Object[] {VhostUserRequest.SET_VRING_NUM, VhostUserReply.ack(false)},
        new Object[] {VhostUserRequest.GET_VRING_BASE, new VhostUserReply.VringBase(1, 0xffff)},
        new Object[] {VhostUserRequest.GET_CONFIG, new VhostUserReply.Config(0, 0, BYTES)},
        new Object[] {VhostUserRequest.GET_CONFIG, new VhostUserReply.Empty()},
        new Object[] {
          VhostUserRequest.GET_INFLIGHT_FD, new VhostUserReply.Inflight(0x1000, 0, 2, 256)
        },
        new Object[] {VhostUserRequest.GET_SHMEM_CONFIG, VhostUserReply.ShmemConfig.none()},
        new Object[] {
          VhostUserRequest.CREATE_CRYPTO_SESSION, new VhostUserReply.CryptoSession(BYTES)
        },
        new Object[] {VhostUserRequest.POSTCOPY_ADVISE, new VhostUserReply.Empty()},
        new Object[] {VhostUserRequest.BACKEND_IOTLB_MSG, VhostUserReply.ack(true)});
  }

  @ParameterizedTest
  @MethodSource("replies")
  void everyReplySurvivesTheWire(VhostUserRequest request, VhostUserReply reply)
      throws ProtocolException {
    byte[] bytes = VhostUserCodec.encodeReply(request, reply);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    VhostUserHeader header = VhostUserHeader.parse(in);
    assertThat(header.flags()).isEqualTo(0x5);
    assertThat(VhostUserCodec.reply(request, header, in.position(12))).isEqualTo(reply);
    VhostUserRequest other =
        request == VhostUserRequest.GET_STATUS
            ? VhostUserRequest.GET_FEATURES
            : VhostUserRequest.GET_STATUS;
    assertThatThrownBy(() -> VhostUserCodec.reply(other, header, in))
        .isInstanceOf(ProtocolException.class);
    VhostUserHeader noReply = new VhostUserHeader(header.id(), 1, header.size());
    assertThatThrownBy(() -> VhostUserCodec.reply(request, noReply, in))
        .isInstanceOf(ProtocolException.class);
    VhostUserHeader longer = new VhostUserHeader(header.id(), 5, header.size() + 1);
    assertThatThrownBy(() -> VhostUserCodec.reply(request, longer, in))
        .isInstanceOf(ProtocolException.class);
  }
}
