package braid.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FrameTest {
  @RegisterExtension final PoolBalance balance = new PoolBalance(4, 256, 2);

  private final Arena arena = Arena.ofConfined();
  private final Frame frame = balance.pool.take();

  @AfterEach
  void give() {
    frame.release();
    arena.close();
  }

  private long memory(int... bytes) {
    MemorySegment segment = arena.allocate(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      Memory.putByte(segment.address() + i, (byte) bytes[i]);
    }
    return segment.address();
  }

  @Test
  void aFrameIsHandedOutEmptyAndHeld() {
    assertThat(frame.held()).isTrue();
    assertThat(frame.length()).isZero();
    assertThat(frame.pieces()).isZero();
    assertThat(frame.head()).isEqualTo(frame.base() + Frame.HEADER_BYTES);
    assertThat(frame.headCapacity()).isEqualTo(256 - Frame.HEADER_BYTES);
  }

  @Test
  void numbersAreReadInNetworkOrder() {
    frame.write(new byte[] {1, 2, 3, 4, 5, (byte) 0xff});
    assertThat(frame.u8(5)).isEqualTo(0xff);
    assertThat(frame.u16(4)).isEqualTo(0x05ff);
    assertThat(frame.i32(1)).isEqualTo(0x0203_0405);
    assertThat(frame.mac(0)).isEqualTo(0x0102_0304_05ffL);
  }

  @Test
  void aHighMacIsNotSignExtended() {
    frame.write(new byte[] {-1, -1, -1, -1, -1, -1});
    assertThat(frame.mac(0)).isEqualTo(0xffff_ffff_ffffL);
  }

  @Test
  void lengthCountsHeadAndPieces() {
    frame.write(new byte[] {1, 2});
    assertThat(frame.addPiece(memory(3, 4, 5), 3)).isTrue();
    assertThat(frame.addPiece(memory(6), 1)).isTrue();
    assertThat(frame.addPiece(memory(7), 1)).as("no place for a third").isFalse();
    assertThat(frame.length()).isEqualTo(6);
    assertThat(frame.toBytes()).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void aCopyIsWholeInTheHeadWithItsHeader() {
    frame.write(new byte[] {1, 2});
    Memory.putShort(frame.base() + 4, (short) 1448);
    assertThat(frame.addPiece(memory(3, 4), 2)).isTrue();
    Frame copy = balance.pool.take();
    assertThat(copy.copyOf(frame)).isTrue();
    assertThat(copy.toBytes()).containsExactly(1, 2, 3, 4);
    assertThat(copy.pieces()).isZero();
    assertThat(Memory.getShort(copy.base() + 4)).as("gso_size").isEqualTo((short) 1448);
    copy.release();
  }

  @Test
  void aCopyThatDoesNotFitIsRefused() {
    frame.write(new byte[200]);
    assertThat(frame.addPiece(memory(new int[45]), 45)).isTrue();
    Frame copy = balance.pool.take();
    assertThat(copy.copyOf(frame)).isFalse();
    assertThat(copy.length()).isZero();
    copy.release();
  }

  @Test
  void aPlainHeaderSaysOneBufferAndNothingElse() {
    Memory.putLong(frame.base(), -1);
    Memory.putInt(frame.base() + 8, -1);
    frame.plainHeader();
    byte[] header = new byte[12];
    Memory.read(frame.base(), header, 0, 12);
    assertThat(header).containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
  }

  @Test
  void aFrameReusedIsEmptyAgain() {
    frame.write(new byte[] {1});
    assertThat(frame.addPiece(memory(2), 1)).isTrue();
    frame.token(7);
    frame.release();
    Frame again = balance.pool.take();
    assertThat(again).isSameAs(frame);
    assertThat(again.length()).isZero();
    assertThat(again.token()).isZero();
  }

  @Test
  void releasingTwiceReadingPastTheHeadAndWritingTooMuchAreBugs() {
    frame.write(new byte[] {1, 2});
    assertThatThrownBy(() -> frame.u16(1)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> frame.headLength(245)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> frame.write(new byte[245]))
        .isInstanceOf(IllegalArgumentException.class);
    Frame other = balance.pool.take();
    other.release();
    assertThatThrownBy(other::release).isInstanceOf(AssertionError.class);
  }

  @Test
  void capacitiesOutOfRangeAreRefused() {
    FrameSource source = f -> {};
    assertThatThrownBy(() -> new Frame(source, 0, 11, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Frame(source, 0, 64, Frame.PIECES_MAX + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
