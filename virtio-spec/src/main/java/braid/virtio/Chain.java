package braid.virtio;

import java.util.Arrays;

/// One descriptor chain as native memory: first the pieces the device reads, then those it writes.
///
/// The object is reused: [DeviceQueue#next] fills it anew each time. Its addresses stay valid until
/// its head is completed, so whoever keeps them longer than this object copies them out.
///
/// **Thread**: the one that owns the queue.
public final class Chain {
  private final long[] address;
  private final int[] length;
  private int pieces;
  private int bytes;
  private int readablePieces;
  private int readableBytes;
  private int head;
  private boolean overflow;
  private long missAddress;

  /// Makes an empty chain.
  ///
  /// @param piecesMax how many pieces of memory it can carry; a descriptor is one piece, or more
  ///                  where its range crosses a border of regions or of IOTLB entries
  public Chain(int piecesMax) {
    if (piecesMax < 1) {
      throw new IllegalArgumentException("pieces " + piecesMax);
    }
    this.address = new long[piecesMax];
    this.length = new int[piecesMax];
  }

  /// Empties it for the chain that starts at descriptor `head`.
  void open(int head) {
    this.head = head;
    pieces = 0;
    bytes = 0;
    readablePieces = 0;
    readableBytes = 0;
    overflow = false;
  }

  /// From here on the pieces are writable.
  void beginWritable() {
    readablePieces = pieces;
    readableBytes = bytes;
  }

  /// No writable piece came.
  void allReadable() {
    readablePieces = pieces;
    readableBytes = bytes;
  }

  /// More pieces were appended than it can carry.
  boolean overflow() {
    return overflow;
  }

  /// Appends a piece of native memory; for implementations of [AddressSpace].
  ///
  /// @param nativeAddress where it starts
  /// @param count         bytes, at least 1
  public void append(long nativeAddress, int count) {
    int i = pieces;
    if (i == address.length) {
      overflow = true;
      return;
    }
    address[i] = nativeAddress;
    length[i] = count;
    pieces = i + 1;
    bytes += count;
  }

  /// Notes the first address that is not known yet; for implementations of [AddressSpace].
  ///
  /// @return [AddressSpace#MISS], to be returned from there
  public int miss(long unknown) {
    missAddress = unknown;
    return AddressSpace.MISS;
  }

  /// The address noted last by [#miss].
  long missAddress() {
    return missAddress;
  }

  /// Index of the first descriptor: the chain's name on the used ring. 0 to queue size - 1.
  public int head() {
    return head;
  }

  /// How many pieces there are, readable and writable.
  public int pieces() {
    return pieces;
  }

  /// How many of them, the first ones, are for the device to read; the rest is for it to write.
  public int readablePieces() {
    return readablePieces;
  }

  /// Native address of piece `i`.
  public long address(int i) {
    return address[i];
  }

  /// Bytes of piece `i`, at least 1.
  public int length(int i) {
    return length[i];
  }

  /// Bytes the device may read, over all pieces.
  public int readableBytes() {
    return readableBytes;
  }

  /// Bytes the device may write, over all pieces.
  public int writableBytes() {
    return bytes - readableBytes;
  }

  @Override
  public String toString() {
    return "Chain[head "
        + head
        + ", lengths "
        + Arrays.toString(Arrays.copyOf(length, pieces))
        + ", readable "
        + readablePieces
        + "]";
  }
}
