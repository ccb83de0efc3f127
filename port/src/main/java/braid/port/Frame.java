package braid.port;

import java.util.Arrays;

/// One Ethernet frame (without FCS) and its virtio_net_hdr, in native memory.
///
/// A frame is laid out as **own part, then pieces**:
/// ```
///   own memory of the maker, contiguous:
///   base ─► [virtio_net_hdr_v1: 12 bytes][head: headLength bytes][tail room…]
///   memory in place (a guest's pages, further merged buffers):
///           [piece 0][piece 1]…
/// ```
/// A frame read from a TAP has everything in its head. A frame taken from a guest has the first
/// bytes (up to [#HEAD_BYTES]) copied into the head, where the guest cannot change them while we
/// look, and the rest in place: look only at the head, never at a piece.
///
/// **Header**, little-endian (VIRTIO 1.3, 5.1.6): 0 flags u8, 1 gso_type u8, 2 hdr_len u16, 4
/// gso_size u16, 6 csum_start u16, 8 csum_offset u16, 10 num_buffers u16. It travels with the frame
/// from end to end; the byte order and layout are those that a TAP with IFF_VNET_HDR and a header
/// size of 12 reads and writes.
///
/// **Thread**: the worker's that holds it. **Lifetime**: until [#release]; the object is reused
/// afterwards.
public final class Frame {
  /// Bytes of the virtio_net_hdr before each frame.
  public static final int HEADER_BYTES = 12;

  /// How much of a guest's frame is copied to own memory: enough for every header that is looked
  /// at.
  public static final int HEAD_BYTES = 128;

  /// Most pieces a frame may have: a 64 KiB GSO frame on 4 KiB pages needs 18.
  public static final int PIECES_MAX = 64;

  /// Longest frame: 64 KiB of GSO payload and its headers.
  public static final int BYTES_MAX = 65_550;

  private final FrameSource source;
  private final long base;
  private final int capacity;
  private final long[] pieceAddress;
  private final int[] pieceLength;
  private int headLength;
  private int pieces;
  private int piecesBytes;
  private int token;
  private boolean held;

  /// Makes an empty frame over the maker's memory.
  ///
  /// @param source    who gets the frame back
  /// @param base      native address of own memory, which the maker keeps alive
  /// @param capacity  bytes of own memory, header included; at least [#HEADER_BYTES]
  /// @param piecesMax how many pieces it can carry, 0 to [#PIECES_MAX]
  public Frame(FrameSource source, long base, int capacity, int piecesMax) {
    if (capacity < HEADER_BYTES || piecesMax < 0 || piecesMax > PIECES_MAX) {
      throw new IllegalArgumentException("capacity " + capacity + ", pieces " + piecesMax);
    }
    this.source = source;
    this.base = base;
    this.capacity = capacity;
    this.pieceAddress = new long[piecesMax];
    this.pieceLength = new int[piecesMax];
  }

  /// The maker hands the frame out: empty, held. The header's bytes are as they were.
  ///
  /// @param token the maker's own number for it (a descriptor head, a slot)
  public Frame open(int token) {
    assert !held : "frame handed out twice";
    this.token = token;
    this.headLength = 0;
    this.pieces = 0;
    this.piecesBytes = 0;
    this.held = true;
    return this;
  }

  /// The holder is done: memory goes back to the maker.
  public void release() {
    assert held : "frame released twice";
    held = false;
    source.reclaim(this);
  }

  /// Somebody holds this frame.
  public boolean held() {
    return held;
  }

  /// The number given at [#open].
  public int token() {
    return token;
  }

  /// The holder's own number for it, as long as it holds it.
  public void token(int number) {
    token = number;
  }

  /// Native address of the virtio_net_hdr; the head follows at `+HEADER_BYTES`.
  public long base() {
    return base;
  }

  /// Native address of the first byte of the Ethernet header.
  public long head() {
    return base + HEADER_BYTES;
  }

  /// Bytes of the frame that lie in the head.
  public int headLength() {
    return headLength;
  }

  /// Most bytes the head can hold.
  public int headCapacity() {
    return capacity - HEADER_BYTES;
  }

  /// Says how many bytes of the frame lie in the head, after they were written there.
  public void headLength(int bytes) {
    assert bytes >= 0 && bytes <= capacity - HEADER_BYTES : bytes;
    headLength = bytes;
  }

  /// How many pieces follow the head.
  public int pieces() {
    return pieces;
  }

  /// Most pieces it can carry.
  public int piecesMax() {
    return pieceAddress.length;
  }

  /// Native address of piece `i`.
  public long pieceAddress(int i) {
    return pieceAddress[i];
  }

  /// Bytes of piece `i`.
  public int pieceLength(int i) {
    return pieceLength[i];
  }

  /// Appends memory in place. It stays the maker's until release.
  ///
  /// @return false when the frame has no place for another piece
  public boolean addPiece(long address, int length) {
    if (pieces == pieceAddress.length) {
      return false;
    }
    pieceAddress[pieces] = address;
    pieceLength[pieces] = length;
    pieces++;
    piecesBytes += length;
    return true;
  }

  /// Bytes of the whole frame, without the virtio_net_hdr.
  public int length() {
    return headLength + piecesBytes;
  }

  /// Unsigned byte `offset` of the head.
  public int u8(int offset) {
    assert offset < headLength : offset;
    return Memory.getByte(base + HEADER_BYTES + offset) & 0xff;
  }

  /// Unsigned 16-bit number at `offset` of the head, network order.
  public int u16(int offset) {
    assert offset + 2 <= headLength : offset;
    return Short.reverseBytes(Memory.getShort(base + HEADER_BYTES + offset)) & 0xffff;
  }

  /// 32-bit number at `offset` of the head, network order.
  public int i32(int offset) {
    assert offset + 4 <= headLength : offset;
    return Integer.reverseBytes(Memory.getInt(base + HEADER_BYTES + offset));
  }

  /// 48-bit MAC address at `offset` of the head, as the low bits of a long.
  public long mac(int offset) {
    return ((long) u16(offset) << 32) | (i32(offset + 2) & 0xffff_ffffL);
  }

  /// Sets the header to "nothing special": no checksum to finish, no GSO, one buffer.
  public void plainHeader() {
    Memory.putLong(base, 0);
    Memory.putInt(base + 8, 1 << 16);
  }

  /// Copies header and bytes of `from` into the head of this frame.
  ///
  /// @return false, and nothing done, when it does not fit
  public boolean copyOf(Frame from) {
    if (from.length() > headCapacity()) {
      return false;
    }
    Memory.copy(from.base, base, HEADER_BYTES + from.headLength);
    long at = head() + from.headLength;
    for (int i = 0; i < from.pieces; i++) {
      Memory.copy(from.pieceAddress[i], at, from.pieceLength[i]);
      at += from.pieceLength[i];
    }
    headLength = from.length();
    return true;
  }

  /// Makes this frame one that shares the bytes of `from`: header and the first `own` bytes are
  /// copied, the rest stays where it is and is this frame's pieces. `from` must outlive this use.
  ///
  /// @param own at most [#headCapacity], so that what is looked at is copied
  public void share(Frame from, int own) {
    assert own <= from.headLength && own <= headCapacity() : own;
    Memory.copy(from.base, base, HEADER_BYTES + own);
    headLength = own;
    boolean room = own == from.headLength || addPiece(from.head() + own, from.headLength - own);
    for (int i = 0; i < from.pieces; i++) {
      room &= addPiece(from.pieceAddress[i], from.pieceLength[i]);
    }
    assert room : "more pieces than fit";
  }

  /// A copy of the frame's bytes for tests, captures and logs; allocates.
  public byte[] toBytes() {
    byte[] out = new byte[length()];
    Memory.read(head(), out, 0, headLength);
    int at = headLength;
    for (int i = 0; i < pieces; i++) {
      Memory.read(pieceAddress[i], out, at, pieceLength[i]);
      at += pieceLength[i];
    }
    return out;
  }

  /// Fills the head with `bytes` and sets a plain header; for control frames and tests.
  public void write(byte[] bytes) {
    if (bytes.length > headCapacity()) {
      throw new IllegalArgumentException(bytes.length + " bytes into " + headCapacity());
    }
    plainHeader();
    Memory.write(bytes, 0, head(), bytes.length);
    headLength = bytes.length;
    pieces = 0;
    piecesBytes = 0;
  }

  @Override
  public String toString() {
    return "Frame["
        + length()
        + " bytes, token "
        + token
        + ", pieces "
        + Arrays.toString(Arrays.copyOf(pieceLength, pieces))
        + "]";
  }
}
