package braid.port;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Wraps a port and writes every frame that passes to a pcapng file, which Wireshark and tcpdump
/// read. A tool for people who debug: while it is plugged in, each frame is copied.
///
/// **Layout** (draft-ietf-opsawg-pcapng, little-endian): a Section Header Block, one Interface
/// Description Block (LINKTYPE_ETHERNET, the port's name, nanosecond stamps), then an Enhanced
/// Packet Block per frame. Direction is in epb_flags: inbound is what the port gave (`receive`),
/// outbound what it took (`send`).
///
/// Blocks gather in a buffer that is written when it is full and when the worker is about to sleep
/// ([#arm]), so a reader that follows the file sees a quiet port's frames at once. A write that
/// fails (disk full) ends the capture, not the port; frames missed are counted as `capture_lost`.
///
/// **Thread**: the worker's, the opening and [#close] included.
public final class PcapPort implements Port, AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  /// Most a block adds to its frame: 28 header, 3 padding, 8 epb_flags, 4 opt_endofopt, 4 trailer.
  private static final int BLOCK_EXTRA = 47;

  private static final int SECTION_HEADER_BLOCK = 0x0a0d_0d0a;
  private static final int INTERFACE_DESCRIPTION_BLOCK = 1;
  private static final int ENHANCED_PACKET_BLOCK = 6;
  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;

  private final Port inner;
  private final Clock clock;
  private final FileChannel file;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final long bufferAddress = MemorySegment.ofBuffer(buffer).address();
  private final Counter captured;
  private final Counter lost;
  private boolean broken;

  /// Opens the file, replacing what it held, and writes the headers.
  ///
  /// @param inner the port that is wrapped; its counters are shared
  /// @param path  the file
  /// @param clock nanoseconds since 1970, as [Clock#sinceEpoch] gives
  /// @throws IOException when the file cannot be made or written
  public PcapPort(Port inner, Path path, Clock clock) throws IOException {
    this.inner = inner;
    this.clock = clock;
    this.file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    this.captured = inner.counters().counter("captured");
    this.lost = inner.counters().counter("capture_lost");
    sectionHeader();
    interfaceDescription();
    drain();
  }

  private void sectionHeader() {
    buffer.putInt(SECTION_HEADER_BLOCK).putInt(28).putInt(0x1a2b_3c4d);
    buffer.putShort((short) 1).putShort((short) 0).putLong(-1).putInt(28);
  }

  private void interfaceDescription() {
    byte[] name = inner.name().getBytes(StandardCharsets.UTF_8);
    int start = buffer.position();
    buffer.putInt(INTERFACE_DESCRIPTION_BLOCK).putInt(0);
    buffer.putShort((short) 1).putShort((short) 0).putInt(Frame.BYTES_MAX);
    buffer.putShort((short) 2).putShort((short) name.length).put(name); // if_name
    pad();
    buffer.putShort((short) 9).putShort((short) 1).put((byte) 9); // if_tsresol: 10^-9 s
    pad();
    buffer.putInt(0); // opt_endofopt
    int length = buffer.position() - start + 4;
    buffer.putInt(length).putInt(start + 4, length);
  }

  private void pad() {
    while ((buffer.position() & 3) != 0) {
      buffer.put((byte) 0);
    }
  }

  private void capture(Frame frame, int direction) {
    int length = frame.length();
    if (broken || length > BUFFER_BYTES - BLOCK_EXTRA) {
      lost.add(1);
      return;
    }
    if (buffer.remaining() < length + BLOCK_EXTRA && !drained()) {
      lost.add(1);
      return;
    }
    int padded = (length + 3) & ~3;
    int total = padded + 44;
    long stamp = clock.nanos();
    buffer.putInt(ENHANCED_PACKET_BLOCK).putInt(total).putInt(0);
    buffer.putInt((int) (stamp >>> 32)).putInt((int) stamp).putInt(length).putInt(length);
    bytes(frame);
    pad();
    buffer.putShort((short) 2).putShort((short) 4).putInt(direction).putInt(0); // epb_flags, end
    buffer.putInt(total);
    captured.add(1);
  }

  private void bytes(Frame frame) {
    long at = bufferAddress + buffer.position();
    Memory.copy(frame.head(), at, frame.headLength());
    at += frame.headLength();
    for (int i = 0; i < frame.pieces(); i++) {
      Memory.copy(frame.pieceAddress(i), at, frame.pieceLength(i));
      at += frame.pieceLength(i);
    }
    buffer.position(buffer.position() + frame.length());
  }

  private boolean drained() {
    try {
      drain();
      return true;
    } catch (IOException e) {
      broken = true;
      buffer.clear();
      return false;
    }
  }

  private void drain() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public int receive(Frame[] into, int max) {
    int count = inner.receive(into, max);
    for (int i = 0; i < count; i++) {
      capture(into[i], INBOUND);
    }
    return count;
  }

  @Override
  public void send(Frame[] frames, int count) {
    for (int i = 0; i < count; i++) {
      capture(frames[i], OUTBOUND);
    }
    inner.send(frames, count);
  }

  @Override
  public boolean arm() {
    if (!broken && buffer.position() > 0) {
      var _ = drained();
    }
    return inner.arm();
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public int room() {
    return inner.room();
  }

  @Override
  public void flush() {
    inner.flush();
  }

  @Override
  public LinkState link() {
    return inner.link();
  }

  @Override
  public long deadline() {
    return inner.deadline();
  }

  @Override
  public int recall(Frame[] into, int max) {
    return inner.recall(into, max);
  }

  @Override
  public int pending() {
    return inner.pending();
  }

  @Override
  public PortCounters counters() {
    return inner.counters();
  }

  /// Writes what is left and closes the file; the wrapped port goes on.
  ///
  /// @throws IOException when the last frames could not be written
  @Override
  public void close() throws IOException {
    try (file) {
      if (!broken) {
        broken = true;
        drain();
      }
    }
  }
}
