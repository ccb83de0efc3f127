package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.counted;
import static braid.ssi.SwitchRig.frame;
import static braid.ssi.SwitchRig.tagged;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.FramePool;
import braid.port.Memory;
import braid.port.Port;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class VlanTagTest {
  private static final int NEEDS_CSUM = 1;
  private static final int TCPV4 = 1;

  @RegisterExtension final Pools pools = new Pools();

  private static void header(Frame frame, int flags, int gso, int hdrLen, int size, int start) {
    long first = flags | gso << 8 | (long) hdrLen << 16 | (long) size << 32 | (long) start << 48;
    Memory.putLong(frame.base(), first);
    Memory.putInt(frame.base() + 8, 16 | 1 << 16);
  }

  private static int u16(Frame frame, int at) {
    return Memory.getShort(frame.base() + at) & 0xffff;
  }

  private Frame sent() {
    return pools.frame(frame(FAR, A, 1));
  }

  @Test
  void theHeaderOfAChecksumFrameMovesAlong() {
    Frame frame = sent();
    header(frame, NEEDS_CSUM, 0, 0, 0, 34);
    assertThat(VlanTag.insert(frame, 0xe005)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(frame.toBytes()).isEqualTo(tagged(0xe005, frame(FAR, A, 1)));
    assertThat(u16(frame, 6)).isEqualTo(38);
    assertThat(u16(frame, 8)).as("counts from csum_start").isEqualTo(16);
    assertThat(u16(frame, 2)).as("no GSO, no length of headers").isZero();
    assertThat(VlanTag.strip(frame)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(frame.toBytes()).isEqualTo(frame(FAR, A, 1));
    assertThat(u16(frame, 6)).isEqualTo(34);
    frame.release();
  }

  @Test
  void theHeaderOfAGsoFrameMovesAlong() {
    Frame frame = sent();
    header(frame, NEEDS_CSUM, TCPV4, 54, 1448, 34);
    assertThat(VlanTag.insert(frame, 5)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(u16(frame, 2)).isEqualTo(58);
    assertThat(u16(frame, 4)).as("size of a segment").isEqualTo(1448);
    assertThat(u16(frame, 6)).isEqualTo(38);
    assertThat(VlanTag.strip(frame)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(u16(frame, 2)).isEqualTo(54);
    assertThat(u16(frame, 6)).isEqualTo(34);
    frame.release();
  }

  @Test
  void aHintThatWasNotGivenStaysSo() {
    Frame frame = sent();
    header(frame, NEEDS_CSUM, TCPV4, 0, 1448, 34);
    assertThat(VlanTag.insert(frame, 5)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(u16(frame, 2)).isZero();
    header(frame, NEEDS_CSUM, TCPV4, 0xffff, 1448, 38);
    assertThat(VlanTag.strip(frame)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(u16(frame, 2)).isEqualTo(0xfffb);
    header(frame, NEEDS_CSUM, TCPV4, 0xffff, 1448, 34);
    assertThat(VlanTag.insert(frame, 5)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(u16(frame, 2)).isEqualTo(0xffff);
    frame.release();
  }

  @Test
  void aChecksumThatBeginsInTheAddressesOrNowhereIsRefused() {
    Frame frame = sent();
    for (int start : new int[] {0, 13, 0xfffc, 0xffff}) {
      header(frame, NEEDS_CSUM, 0, 0, 0, start);
      assertThat(VlanTag.insert(frame, 5)).as("%d", start).isEqualTo(VlanTag.Edit.BAD_HEADER);
      assertThat(frame.toBytes()).isEqualTo(frame(FAR, A, 1));
      assertThat(u16(frame, 6)).isEqualTo(start);
    }
    frame.write(tagged(5, frame(FAR, A, 1)));
    header(frame, NEEDS_CSUM, 0, 0, 0, 17);
    assertThat(VlanTag.strip(frame)).isEqualTo(VlanTag.Edit.BAD_HEADER);
    frame.release();
  }

  @Test
  void aPlainHeaderIsLeftAlone() {
    Frame frame = sent();
    assertThat(VlanTag.insert(frame, 5)).isEqualTo(VlanTag.Edit.DONE);
    assertThat(Memory.getLong(frame.base())).isZero();
    assertThat(Memory.getInt(frame.base() + 8)).isEqualTo(1 << 16);
    frame.release();
  }

  @Test
  void inThenOutIsTheSameFrame() {
    Random random = new Random(9);
    for (int i = 0; i < 500; i++) {
      byte[] bytes = new byte[random.nextInt(14, 240)];
      random.nextBytes(bytes);
      Frame frame = pools.frame(bytes);
      assertThat(VlanTag.insert(frame, 77)).isEqualTo(VlanTag.Edit.DONE);
      assertThat(frame.toBytes()).isEqualTo(tagged(77, bytes));
      assertThat(VlanTag.strip(frame)).isEqualTo(VlanTag.Edit.DONE);
      assertThat(frame.toBytes()).isEqualTo(bytes);
      frame.release();
    }
  }

  @Test
  void aHeadWithoutRoomIsCopiedWithAllItsPieces() {
    SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
    Port a = rig.hub.attach("a", EndConfig.guest(A).vlan(5));
    try (Arena arena = Arena.ofConfined()) {
      FramePool tight =
          new FramePool(arena.allocate(FramePool.bytesFor(1, 12 + 60), 64), 12 + 60, 2);
      byte[] tail = {1, 2, 3, 4, 5};
      Frame frame = tight.take();
      assertThat(frame).isNotNull();
      frame.write(frame(FAR, A, 1));
      long at = arena.allocate(8).address();
      Memory.write(tail, 0, at, 5);
      frame.addPiece(at, 5);
      assertThat(VlanTag.insert(frame, 5)).isEqualTo(VlanTag.Edit.NO_ROOM);
      byte[] was = frame.toBytes();
      a.send(new Frame[] {frame}, 1);
      assertThat(tight.balanced()).as("the original has gone back").isTrue();
      assertThat(rig.take(rig.net)).containsExactly(tagged(5, was));
      assertThat(rig.counted("copies")).isEqualTo(1);
    }
    rig.close();
  }

  @Test
  void aHeadWithoutRoomAndTooLongToCopyIsDroppedAndCounted() {
    SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT.copies(256, 64));
    Port a = rig.hub.attach("a", EndConfig.guest(A).vlan(5));
    Frame frame = pools.data.take();
    assertThat(frame).isNotNull();
    byte[] bytes = new byte[frame.headCapacity()];
    System.arraycopy(frame(FAR, A, 1), 0, bytes, 0, 60);
    frame.write(bytes);
    a.send(new Frame[] {frame}, 1);
    rig.assertSilence();
    assertThat(counted(rig.net, "rx_drop_copy_too_long")).isEqualTo(1);
    rig.close();
  }

  @Test
  void aFrameWithAWrongHeaderIsDroppedAndCountedWhereItCameFrom() {
    SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
    Port a = rig.hub.attach("a", EndConfig.guest(A).vlan(5));
    Frame frame = sent();
    header(frame, NEEDS_CSUM, 0, 0, 0, 3);
    a.send(new Frame[] {frame}, 1);
    rig.assertSilence();
    assertThat(counted(a, "tx_drop_header_invalid")).isEqualTo(1);
    rig.close();
  }

  @Test
  void theHeadsOfPiecesStayInPlace() {
    SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
    Port a = rig.hub.attach("a", EndConfig.guest(A).vlan(5));
    try (Arena arena = Arena.ofConfined()) {
      FramePool pool = new FramePool(arena.allocate(FramePool.bytesFor(1, 192), 64), 192, 2);
      long page = arena.allocate(4096).address();
      Frame frame = pool.take();
      assertThat(frame).isNotNull();
      frame.write(frame(FAR, A, 1));
      header(frame, NEEDS_CSUM, TCPV4, 54, 1448, 34);
      frame.addPiece(page, 4096);
      a.send(new Frame[] {frame}, 1);
      Frame[] got = new Frame[1];
      assertThat(rig.net.receive(got, 1)).isEqualTo(1);
      assertThat(got[0]).isSameAs(frame);
      assertThat(frame.pieceAddress(0)).isEqualTo(page);
      assertThat(frame.length()).isEqualTo(64 + 4096);
      assertThat(u16(frame, 6)).isEqualTo(38);
      frame.release();
      assertThat(pool.balanced()).isTrue();
    }
    rig.close();
  }
}
