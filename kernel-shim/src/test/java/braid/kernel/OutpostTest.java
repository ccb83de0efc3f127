package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A connection whose descriptor belongs to a thread of its own.
@Timeout(30)
class OutpostTest {
  private final List<UnixSocket> pair = UnixSocket.pair();
  private final UnixSocket peer = pair.getFirst();
  private final int number = pair.getLast().fd().number();
  private final UnixSocket here =
      Outpost.before(pair.getLast(), new Outpost.Framing(12, 8), "outpost");
  private final List<Fd> fds = new ArrayList<>();

  /// A message of `count` bytes with its header.
  private static byte[] message(int count) {
    byte[] all = new byte[count];
    for (int i = 0; i < count; i++) {
      all[i] = (byte) (i * 31 + i / 256);
    }
    ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).putInt(8, count - 12);
    return all;
  }

  @Test
  void bytesAndDescriptorsPassBothWaysInOrder() {
    try (Arena arena = Arena.ofConfined();
        EventFd event = EventFd.create()) {
      byte[] content = message(100_000);
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, content);
      MemorySegment in = arena.allocate(content.length);
      Thread sender = Thread.ofPlatform().start(() -> peer.send(out, List.of(event.fd())));
      assertThat(here.receiveFully(in, fds)).isEqualTo(content.length);
      assertThat(in.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
      assertThat(fds).hasSize(1);
      event.signal();
      assertThat(Poll.readable(fds.getFirst(), 0)).isTrue();
      join(sender);
      MemorySegment small = arena.allocateFrom(ValueLayout.JAVA_BYTE, message(20));
      here.send(small, fds);
      assertThat(peer.receiveFully(in.asSlice(0, 20), fds)).isEqualTo(20);
      assertThat(fds).hasSize(2);
    }
    fds.forEach(Fd::close);
    here.close();
    peer.close();
  }

  @Test
  void descriptorsStayWithTheirMessageWhenTwoAreWaiting() {
    try (Arena arena = Arena.ofConfined();
        EventFd event = EventFd.create()) {
      MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_BYTE, message(20));
      for (int i = 0; i < 100; i++) {
        peer.send(one, List.of());
        peer.send(one, List.of(event.fd()));
      }
      MemorySegment in = arena.allocate(20);
      for (int i = 0; i < 200; i++) {
        assertThat(here.receiveFully(in, fds)).isEqualTo(20);
        assertThat(fds).hasSize(i % 2);
        fds.forEach(Fd::close);
        fds.clear();
      }
    }
    here.close();
    peer.close();
  }

  @Test
  void theProcessItselfHasNoDescriptorOfIt() {
    try (Arena arena = Arena.ofConfined()) {
      // Its number is free, or another file's by now.
      assertThat(here.fd().number()).isNotEqualTo(number);
      here.shutdown();
      assertThat(peer.receive(arena.allocate(1), fds)).isEqualTo(UnixSocket.END);
    }
    here.close();
    peer.close();
  }

  @Test
  void thePeersEndIsSeenHere() {
    peer.close();
    try (Arena arena = Arena.ofConfined()) {
      assertThat(here.receive(arena.allocate(1), fds)).isEqualTo(UnixSocket.END);
    }
    here.close();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
