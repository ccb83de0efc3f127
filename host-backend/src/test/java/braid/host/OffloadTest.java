package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Memory;
import braid.virtio.Feature;
import braid.virtio.Features;
import braid.virtio.NetHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checksums and segmentation, compared with a plain reference that knows nothing of frames.
class OffloadTest {
  private final FramePool pool =
      new FramePool(Arena.ofAuto().allocate(FramePool.bytesFor(4, 70_000), 64), 70_000, 64);

  /// A TCP frame of the kind a kernel hands to TSO.
  private static byte[] tcp(
      boolean ipv6, int vlans, int options, int payload, int flags, long seed) {
    Random random = new Random(seed);
    int ip = ipv6 ? 40 : 20;
    int tcp = 20 + options;
    ByteBuffer out = ByteBuffer.allocate(14 + 4 * vlans + ip + tcp + payload);
    out.put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2});
    for (int i = 0; i < vlans; i++) {
      out.putShort((short) (i == 0 && vlans == 2 ? 0x88a8 : 0x8100)).putShort((short) (100 + i));
    }
    byte[] addresses = new byte[ipv6 ? 32 : 8];
    random.nextBytes(addresses);
    if (ipv6) {
      out.putShort((short) 0x86dd).putInt(0x60000000);
      out.putShort((short) (tcp + payload)).put((byte) 6).put((byte) 64);
    } else {
      out.putShort((short) 0x0800).put((byte) 0x45).put((byte) 0);
      out.putShort((short) (ip + tcp + payload)).putShort((short) 0xfffe);
      out.putShort((short) 0x4000).put((byte) 64).put((byte) 6).putShort((short) 0);
    }
    out.put(addresses);
    out.putShort((short) 1234).putShort((short) 80).putInt(0xfffffff0).putInt(77);
    out.put((byte) ((tcp / 4) << 4)).put((byte) flags).putShort((short) 500);
    out.putShort((short) 0).putShort((short) 0);
    byte[] rest = new byte[options + payload];
    random.nextBytes(rest);
    return out.put(rest).array();
  }

  /// RFC 1071, word by word.
  private static int sum(byte[] bytes, int from, int to, int start) {
    int sum = start;
    for (int i = from; i < to; i += 2) {
      sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  private static int l3(byte[] frame) {
    int at = 12;
    while ((frame[at] & 0xff) == 0x81
        || ((frame[at] & 0xff) == 0x88 && frame[at + 1] == (byte) 0xa8)) {
      at += 4;
    }
    return at + 2;
  }

  private static int l4(byte[] frame) {
    int at = l3(frame);
    return (frame[at] & 0xf0) == 0x60 ? at + 40 : at + (frame[at] & 15) * 4;
  }

  /// The sum over the pseudo-header and everything from TCP on: 0xffff when the checksum is right.
  private static int tcpSum(byte[] frame) {
    int ip = l3(frame);
    int tcp = l4(frame);
    boolean ipv6 = (frame[ip] & 0xf0) == 0x60;
    int pseudo = ipv6 ? sum(frame, ip + 8, ip + 40, 0) : sum(frame, ip + 12, ip + 20, 0);
    return sum(frame, tcp, frame.length, sum(new byte[] {0, 6}, 0, 2, pseudo) + frame.length - tcp);
  }

  private Frame take(byte[] bytes, int head, int pieceBytes, NetHeaderFields header) {
    Frame frame = pool.take();
    int inHead = Math.min(head, bytes.length);
    frame.write(Arrays.copyOf(bytes, inHead));
    java.lang.foreign.MemorySegment rest = Arena.global().allocate(bytes.length + 1L);
    Memory.write(bytes, inHead, rest.address(), bytes.length - inHead);
    for (int done = inHead; done < bytes.length; done += pieceBytes) {
      frame.addPiece(rest.address() + done - inHead, Math.min(pieceBytes, bytes.length - done));
    }
    Memory.putLong(
        frame.base(), NetHeader.first(1, header.gso, l4(bytes) + 20, header.size, l4(bytes)));
    Memory.putInt(frame.base() + 8, NetHeader.last(header.offset, 0));
    return frame;
  }

  private record NetHeaderFields(int gso, int size, int offset) {}

  @ParameterizedTest
  @CsvSource({
    "false, 0, 0, 20000, 1448, 997",
    "false, 0, 12, 65000, 1448, 4096",
    "false, 1, 12, 3000, 1400, 1",
    "false, 2, 40, 9000, 536, 333",
    "true, 0, 12, 64000, 1428, 4096",
    "true, 1, 0, 2857, 1428, 77",
    "true, 2, 20, 100, 99, 7",
    "false, 0, 0, 1448, 1448, 100"
  })
  void segmentsAreThoseOfThePlainReference(
      boolean ipv6, int vlans, int options, int payload, int mss, int pieceBytes) {
    // CWR, ACK, PSH, FIN.
    byte[] whole = tcp(ipv6, vlans, options, payload, 0x99, payload);
    int pieces = Math.max(pieceBytes, (whole.length - 128) / 60 + 1);
    Frame frame = take(whole, 128, pieces, new NetHeaderFields(ipv6 ? 4 : 1, mss, 16));
    Segmenter segmenter = new Segmenter();
    assertThat(segmenter.start(frame, mss)).isTrue();
    List<byte[]> segments = new ArrayList<>();
    while (segmenter.more()) {
      segments.add(segmenter.next().toBytes());
    }
    frame.release();

    assertThat(segments).hasSize((payload + mss - 1) / mss);
    int headers = whole.length - payload;
    int ip = l3(whole);
    int tcp = l4(whole);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < segments.size(); i++) {
      byte[] one = segments.get(i);
      ByteBuffer view = ByteBuffer.wrap(one);
      all.write(one, headers, one.length - headers);
      assertThat(one.length - headers).isEqualTo(Math.min(mss, payload - i * mss));
      assertThat(Arrays.copyOf(one, ip)).isEqualTo(Arrays.copyOf(whole, ip));
      assertThat(tcpSum(one)).isEqualTo(0xffff);
      assertThat(view.getInt(tcp + 4)).isEqualTo(0xfffffff0 + i * mss);
      boolean last = i == segments.size() - 1;
      assertThat(one[tcp + 13] & 0xff).isEqualTo(0x10 | (last ? 0x09 : 0) | (i == 0 ? 0x80 : 0));
      if (ipv6) {
        assertThat(view.getShort(ip + 4) & 0xffff).isEqualTo(one.length - ip - 40);
      } else {
        assertThat(view.getShort(ip + 2) & 0xffff).isEqualTo(one.length - ip);
        assertThat(view.getShort(ip + 4)).isEqualTo((short) (0xfffe + i));
        assertThat(sum(one, ip, tcp, 0)).isEqualTo(0xffff);
      }
    }
    assertThat(all.toByteArray()).isEqualTo(Arrays.copyOfRange(whole, headers, whole.length));
  }

  @Test
  void aFrameThatIsNotTcpIsNotCut() {
    byte[] udp = tcp(false, 0, 0, 3000, 0x10, 1);
    udp[14 + 9] = 17;
    assertNotCut(udp, 1448);
    byte[] fragment = tcp(false, 0, 0, 3000, 0x10, 1);
    fragment[14 + 7] = 1;
    assertNotCut(fragment, 1448);
    byte[] shortIp = tcp(false, 0, 0, 3000, 0x10, 1);
    shortIp[14] = 0x41;
    assertNotCut(shortIp, 1448);
    byte[] longTcp = tcp(false, 2, 0, 3000, 0x10, 1);
    longTcp[8 + 14 + 20 + 12] = (byte) 0xf0;
    assertNotCut(Arrays.copyOf(longTcp, 90), 1448);
    assertNotCut(tcp(false, 0, 0, 60_000, 0x10, 1), 100);
    assertNotCut(tcp(false, 0, 0, 0, 0x10, 1), 1448);
  }

  private void assertNotCut(byte[] bytes, int mss) {
    Frame frame = take(bytes, 128, 4096, new NetHeaderFields(1, mss, 16));
    assertThat(new Segmenter().start(frame, mss)).isFalse();
    frame.release();
  }

  @Test
  void aChecksumIsFinishedOverHeadAndOddPieces() {
    for (int pieceBytes : new int[] {1000, 333, 1, 77}) {
      byte[] whole = tcp(pieceBytes % 2 == 0, 0, 12, 61 + Math.min(pieceBytes * 40, 1300), 0x18, 9);
      int tcp = l4(whole);
      int ip = l3(whole);
      boolean ipv6 = (whole[ip] & 0xf0) == 0x60;
      int pseudo = ipv6 ? sum(whole, ip + 8, ip + 40, 0) : sum(whole, ip + 12, ip + 20, 0);
      int partial = sum(new byte[] {0, 6}, 0, 2, pseudo) + whole.length - tcp;
      partial = (partial & 0xffff) + (partial >>> 16);
      whole[tcp + 16] = (byte) (partial >>> 8);
      whole[tcp + 17] = (byte) partial;
      Frame frame = take(whole, 127, pieceBytes, new NetHeaderFields(0, 0, 16));
      VirtioHeader header = new VirtioHeader(Features.of(Feature.VERSION_1));
      assertThat(header.forGuest(frame)).isEqualTo(VirtioHeader.Delivery.AS_IT_IS);
      assertThat(header.forGuest(frame)).isEqualTo(VirtioHeader.Delivery.AS_IT_IS);
      assertThat(tcpSum(frame.toBytes())).isEqualTo(0xffff);
      assertThat(Memory.getLong(frame.base())).isZero();
      frame.release();
    }
  }

  @Test
  void aGuestGetsTheHeaderThatItNegotiated() {
    long csum = Features.of(Feature.VERSION_1, Feature.GUEST_CSUM);
    long tso = csum | Features.of(Feature.GUEST_TSO4);
    byte[] whole = tcp(false, 0, 0, 3000, 0x10, 1);
    Frame frame = take(whole, 128, 4096, new NetHeaderFields(1, 1448, 16));
    assertThat(new VirtioHeader(tso).forGuest(frame)).isEqualTo(VirtioHeader.Delivery.AS_IT_IS);
    assertThat(NetHeader.gsoType(Memory.getLong(frame.base()))).isEqualTo(1);
    assertThat(new VirtioHeader(csum).forGuest(frame)).isEqualTo(VirtioHeader.Delivery.CUT);
    Memory.putByte(frame.base() + NetHeader.GSO_TYPE, (byte) (1 | NetHeader.GSO_ECN));
    assertThat(new VirtioHeader(tso).forGuest(frame)).isEqualTo(VirtioHeader.Delivery.CUT);
    Memory.putByte(frame.base() + NetHeader.GSO_TYPE, (byte) 3);
    assertThat(new VirtioHeader(tso).forGuest(frame)).isEqualTo(VirtioHeader.Delivery.IMPOSSIBLE);
    frame.release();
  }

  @Test
  void aHeaderThatMakesNoSenseIsRefused() {
    VirtioHeader all = new VirtioHeader(NetDevice.FEATURES);
    VirtioHeader plain = new VirtioHeader(Features.of(Feature.VERSION_1));
    byte[] whole = tcp(false, 0, 0, 3000, 0x10, 1);
    Object[][] cases = {
      {1, 1, 1448, 34, 16, true},
      {0, 1, 1448, 34, 16, false},
      {1, 1, 0, 34, 16, false},
      {1, 3, 1448, 34, 16, false},
      {1, 0x80, 1448, 34, 16, false},
      {1, 7, 1448, 34, 16, false},
      {1, 0, 0, 3052, 16, false},
      {1, 0, 0, 3036, 16, true},
      {1, 0, 0, 0xffff, 0xffff, false},
      {1, 0, 0, 13, 0, false},
      {1, 1, 1448, 3040, 10, false},
      {0xfe, 0, 9, 9, 9, true}
    };
    for (Object[] each : cases) {
      Frame frame = take(whole, 128, 4096, new NetHeaderFields(0, 0, 0));
      Memory.putLong(
          frame.base(),
          NetHeader.first((int) each[0], (int) each[1], 0xffff, (int) each[2], (int) each[3]));
      Memory.putInt(frame.base() + 8, NetHeader.last((int) each[4], 99));
      assertThat(all.fromGuest(frame)).as(Arrays.toString(each)).isEqualTo(each[5]);
      frame.release();
    }
    Frame frame = take(whole, 128, 4096, new NetHeaderFields(0, 0, 16));
    assertThat(plain.fromGuest(frame)).isFalse();
    frame.release();
  }
}
