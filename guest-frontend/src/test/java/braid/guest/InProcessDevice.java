package braid.guest;

import braid.kernel.IoUring;
import braid.port.Frame;
import braid.port.Memory;
import braid.virtio.AddressSpace;
import braid.virtio.Chain;
import braid.virtio.DeviceQueue;
import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.NetConfig;
import braid.virtio.ProtocolException;
import braid.virtio.SplitRing;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The far side of a driver in the same process: a device made of two [DeviceQueue]s, worked by the
/// test's own hand.
final class InProcessDevice implements VirtioTransport {
  final DmaMemory memory;
  final List<String> calls = new ArrayList<>();
  final SplitRing[] rings = new SplitRing[2];
  final @Nullable DeviceQueue[] queues = new DeviceQueue[2];
  long offered;
  long taken;
  int status;
  boolean link = true;
  boolean resetWorks = true;
  boolean configFails;
  int kicks;
  private final Chain chain = new Chain(64);
  private final AddressSpace space;

  InProcessDevice(DmaMemory memory, long offered) {
    this.memory = memory;
    this.offered = offered;
    this.space =
        (address, length, write, into) -> {
          long here = address - memory.iovaDelta();
          if (!memory.contains(here, length)) {
            return AddressSpace.FAULT;
          }
          into.append(here, length);
          return AddressSpace.OK;
        };
  }

  /// Takes one transmitted frame without completing it.
  ///
  /// @return header and frame, null when there is none
  byte @Nullable [] take(int[] head) {
    if (queues[1].next(chain) != DeviceQueue.TAKEN) {
      return null;
    }
    head[0] = chain.head();
    byte[] bytes = new byte[chain.readableBytes()];
    int at = 0;
    for (int i = 0; i < chain.readablePieces(); i++) {
      Memory.read(chain.address(i), bytes, at, chain.length(i));
      at += chain.length(i);
    }
    return bytes;
  }

  /// Native address of the last chain's first byte.
  long firstAddress() {
    return chain.address(0);
  }

  void complete(int head) {
    queues[1].complete(head, 0);
    queues[1].publish();
  }

  /// Takes and completes one transmitted frame.
  byte @Nullable [] transmitted() {
    int[] head = new int[1];
    byte[] bytes = take(head);
    if (bytes != null) {
      complete(head[0]);
    }
    return bytes;
  }

  /// Gives the driver one frame behind a header with this num_buffers, cut as its buffers demand.
  ///
  /// @param chains most chains to use
  /// @return how many chains were used
  int give(byte[] headerAndFrame, int numBuffers, int chains) {
    DeviceQueue rx = queues[0];
    int at = 0;
    int used = 0;
    long header = 0;
    while (used < chains && at < headerAndFrame.length) {
      if (rx.next(chain) != DeviceQueue.TAKEN) {
        throw new AssertionError("no receive buffer");
      }
      int part = Math.min(headerAndFrame.length - at, chain.length(0));
      Memory.write(headerAndFrame, at, chain.address(0), part);
      if (used == 0) {
        header = chain.address(0);
      }
      at += part;
      used++;
      rx.complete(chain.head(), part);
    }
    if (Feature.MRG_RXBUF.in(taken)) {
      Memory.putShort(header + 10, (short) (numBuffers >= 0 ? numBuffers : used));
    }
    rx.publish();
    return used;
  }

  /// Gives one frame as it should be.
  int give(byte[] frame) {
    byte[] all = new byte[frame.length + Frame.HEADER_BYTES];
    System.arraycopy(frame, 0, all, Frame.HEADER_BYTES, frame.length);
    return give(all, -1, 64);
  }

  @Override
  public String name() {
    return "in-process";
  }

  @Override
  public long deviceFeatures() {
    return offered;
  }

  @Override
  public long requiredFeatures() {
    return 0;
  }

  @Override
  public void driverFeatures(long features) {
    calls.add("features");
    taken = features;
  }

  @Override
  public int status() {
    return status;
  }

  @Override
  public void status(int bits) {
    calls.add("status " + bits);
    try {
      status = DeviceStatus.write(status, bits);
    } catch (ProtocolException e) {
      throw new AssertionError(e);
    }
    if (bits == DeviceStatus.DRIVER_OK.bits()) {
      boolean eventIdx = Feature.EVENT_IDX.in(taken);
      boolean indirect = Feature.INDIRECT_DESC.in(taken);
      for (int i = 0; i < 2; i++) {
        queues[i] = new DeviceQueue(rings[i], eventIdx, indirect, space, 0);
        queues[i].arm();
      }
    }
  }

  @Override
  public void reset() {
    if (!resetWorks) {
      throw new TransportException("does not reset");
    }
    calls.add("reset");
    status = 0;
    queues[0] = null;
    queues[1] = null;
    rings[0] = null;
    rings[1] = null;
  }

  @Override
  public int queueSizeMax(int queue) {
    return 256;
  }

  @Override
  public void queue(int queue, SplitRing ring) {
    calls.add("queue " + queue);
    rings[queue] = ring;
  }

  @Override
  public void notifyQueue(int queue) {
    if ((status & DeviceStatus.DRIVER_OK_BIT) == 0) {
      throw new AssertionError("kick before DRIVER_OK");
    }
    kicks++;
  }

  @Override
  public NetConfig config() {
    if (configFails) {
      throw new TransportException("never stands still");
    }
    return new NetConfig(0x020000000001L, link ? NetConfig.LINK_UP : 0, 1, 1500, -1, 0xff);
  }

  @Override
  public long deviceAddress(long address) {
    return address + memory.iovaDelta();
  }

  @Override
  public void watch(IoUring ring, Events events) {
    throw new UnsupportedOperationException("tests call the port's events themselves");
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
