package braid.fabric;

/// Finds the records in the incoming bytes of one connection and checks their framing. The
/// worker's.
final class RecordReader {
  /// No whole record is there.
  static final int NONE = 0;

  /// What is there is no record.
  static final int BAD = -1;

  /// Bytes read before their place in the ring is given back: not each record alone, since the
  /// carrier looks at the same cache line.
  private static final int CHUNK = 32 << 10;

  private final Connection connection;
  private final ByteRing ring;
  private int available;
  private int used;
  private int type;
  private int length;

  RecordReader(Connection connection) {
    this.connection = connection;
    this.ring = connection.incoming();
  }

  /// Looks what has come since.
  ///
  /// @return bytes that can be read
  int look() {
    available = ring.readable();
    return available;
  }

  /// Goes to the next record.
  ///
  /// @return its type, [#NONE] or [#BAD]
  int next() {
    if (used >= CHUNK) {
      done();
    }
    int left = available - used;
    if (left < Records.HEADER_BYTES) {
      return NONE;
    }
    type = ring.getInt(used);
    length = ring.getInt(used + Records.LENGTH);
    if (!Records.validLength(type, length)) {
      return BAD;
    }
    if (left - Records.HEADER_BYTES < length) {
      return NONE;
    }
    used += Records.HEADER_BYTES + length;
    return type;
  }

  /// Where the body lies, from where the ring is read.
  int body() {
    return used - length;
  }

  /// Length of the body.
  int length() {
    return length;
  }

  /// Gives back the place of all records passed.
  void done() {
    if (used > 0) {
      connection.consume(used);
      available -= used;
      used = 0;
    }
  }

  /// Bytes that were there and are no whole record, after [#done].
  int rest() {
    return available;
  }

  /// What is wrong, after [#BAD].
  String fault() {
    return "record type " + type + " of " + length + " bytes";
  }
}
