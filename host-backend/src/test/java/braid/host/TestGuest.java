package braid.host;

import braid.kernel.Mapping;
import braid.kernel.MemFd;
import braid.port.Memory;
import braid.virtio.DriverQueue;
import braid.virtio.NetHeader;
import braid.virtio.SplitRing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A guest made of a memory file and the driver half of three rings. Addresses: offset 0 of the
/// file
/// is [#GUEST] to the guest and [#USER] to its front-end.
final class TestGuest implements AutoCloseable {
  static final long GUEST = 0x4000_0000L;
  static final long USER = 0x7e12_3400_0000L;
  static final long BYTES = 8 << 20;
  static final int SIZE = 256;
  private static final int RING_SPAN = 0x4000;
  private static final int BUFFERS = 0x1_0000;
  private static final int BUFFER_SPAN = 0x1000;

  final MemFd file;
  final Mapping map;
  final boolean eventIdx;
  private final DriverQueue[] queues = new DriverQueue[3];
  private long addressBase = GUEST;
  private int nextTransmit;
  private int nextReceive;
  private final long[] addresses = new long[80];
  private final int[] lengths = new int[80];

  TestGuest() {
    this(MemFd.createUnsealed("test-guest", BYTES), false);
  }

  TestGuest(MemFd file, boolean eventIdx) {
    this.file = file;
    this.eventIdx = eventIdx;
    map = file.map();
    for (int i = 0; i < queues.length; i++) {
      restart(i);
    }
  }

  /// A fresh ring, as after a reset of the device.
  void restart(int index) {
    MemorySegment all = map.segment();
    queues[index] =
        new DriverQueue(
            new SplitRing(
                SIZE,
                all.asSlice(descriptor(index), SplitRing.descBytes(SIZE)),
                all.asSlice(available(index), SplitRing.availBytes(SIZE)),
                all.asSlice(used(index), SplitRing.usedBytes(SIZE))),
            eventIdx,
            null);
  }

  /// The guest uses I/O virtual addresses from here on.
  void addressBase(long base) {
    addressBase = base;
  }

  static int descriptor(int index) {
    return index * RING_SPAN;
  }

  static int available(int index) {
    return index * RING_SPAN + 0x1000;
  }

  static int used(int index) {
    return index * RING_SPAN + 0x2000;
  }

  DriverQueue queue(int index) {
    return queues[index];
  }

  RingPlace place(int index) {
    return new RingPlace(
        SIZE, USER + descriptor(index), USER + available(index), USER + used(index));
  }

  long at(int offset) {
    return map.address() + offset;
  }

  /// Transmits header and frame as one chain, cut at `cuts` (offsets from the header's start).
  void transmit(byte[] header, byte[] frame, int... cuts) {
    byte[] all = new byte[header.length + frame.length];
    System.arraycopy(header, 0, all, 0, header.length);
    System.arraycopy(frame, 0, all, header.length, frame.length);
    int offset = BUFFERS + 0x40_0000 + (nextTransmit++ % 32) * 0x1_1000;
    Memory.write(all, 0, at(offset), all.length);
    int from = 0;
    for (int i = 0; i <= cuts.length; i++) {
      int to = i == cuts.length ? all.length : cuts[i];
      addresses[i] = addressBase + offset + from;
      lengths[i] = to - from;
      from = to;
    }
    queues[1].add(addresses, lengths, cuts.length + 1, 0, nextTransmit);
    queues[1].publish();
  }

  void transmit(byte[] frame) {
    transmit(new byte[NetHeader.BYTES], frame);
  }

  /// Chains the device gave back from the transmit queue since the last call.
  int transmitted() {
    int count = 0;
    while (queues[1].poll() == DriverQueue.TAKEN) {
      count++;
    }
    return count;
  }

  /// Offers receive buffers.
  void post(int count, int bytes) {
    for (int i = 0; i < count; i++) {
      int slot = nextReceive++ % SIZE;
      queues[0].addWritable(addressBase + BUFFERS + (long) slot * BUFFER_SPAN, bytes, slot);
    }
    queues[0].publish();
  }

  /// A frame as the driver sees it: header and bytes of one or more merged buffers.
  @SuppressWarnings("ArrayRecordComponent")
  record Received(byte[] header, byte[] frame, int buffers) {}

  /// What came in since the last call; uses num_buffers as a driver does.
  List<Received> received() {
    List<Received> out = new ArrayList<>();
    while (queues[0].poll() == DriverQueue.TAKEN) {
      byte[] bytes = used();
      int buffers = (bytes[10] & 0xff) | (bytes[11] & 0xff) << 8;
      for (int i = 1; i < buffers; i++) {
        if (queues[0].poll() != DriverQueue.TAKEN) {
          throw new AssertionError("num_buffers " + buffers + ", only " + i + " came");
        }
        byte[] next = used();
        byte[] both = java.util.Arrays.copyOf(bytes, bytes.length + next.length);
        System.arraycopy(next, 0, both, bytes.length, next.length);
        bytes = both;
      }
      out.add(
          new Received(
              java.util.Arrays.copyOf(bytes, NetHeader.BYTES),
              java.util.Arrays.copyOfRange(bytes, NetHeader.BYTES, bytes.length),
              buffers));
    }
    return out;
  }

  private byte[] used() {
    byte[] bytes = new byte[queues[0].usedWritten()];
    Memory.read(at(BUFFERS + queues[0].usedToken() * BUFFER_SPAN), bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public void close() {
    map.close();
    file.close();
  }
}
