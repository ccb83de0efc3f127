package braid.host;

import braid.port.Counter;
import braid.port.Memory;
import braid.virtio.Chain;
import braid.virtio.DeviceQueue;

/// The control virtqueue, for front-ends that hand it to the back-end (VIRTIO 1.3, 5.1.6.5).
///
/// ```
///   readable: 0 class u8   1 command u8   2 command-specific data
///   writable: ack u8, the last byte of the chain: 0 OK, 1 ERR
/// ```
/// We offer CTRL_VQ only with GUEST_ANNOUNCE, so ANNOUNCE_ACK is the one command that is done;
/// everything else is answered with ERR. **Thread**: the worker's, between batches; commands are
/// bounded per call.
final class ControlQueue {
  private static final int OK = 0;
  private static final int ERR = 1;
  private static final int CLASS_ANNOUNCE = 3;
  private static final int ANNOUNCE_ACK = 0;
  private static final int COMMANDS_MAX = 16;

  private final DeviceQueue queue;
  private final Chain chain = new Chain(64);
  private final Runnable announced;
  private final Counter commands;
  private final Counter refused;
  private int trouble;

  /// Over a ring that has just been started.
  ///
  /// @param announced run when the guest has announced itself as it was asked to
  ControlQueue(DeviceQueue queue, Counter commands, Counter refused, Runnable announced) {
    this.queue = queue;
    this.commands = commands;
    this.refused = refused;
    this.announced = announced;
  }

  /// The ring, for its notifications and its position.
  DeviceQueue queue() {
    return queue;
  }

  /// Does what the guest has ordered.
  ///
  /// @return true when there may be more
  boolean serve() {
    for (int i = 0; i < COMMANDS_MAX; i++) {
      trouble = queue.next(chain);
      if (trouble != DeviceQueue.TAKEN) {
        return false;
      }
      int written = 0;
      if (chain.writableBytes() > 0) {
        int last = chain.pieces() - 1;
        int ack = execute();
        Memory.putByte(chain.address(last) + chain.length(last) - 1, (byte) ack);
        written = chain.writableBytes();
      }
      queue.complete(chain.head(), written);
    }
    return true;
  }

  /// What the last [#serve] ended with.
  int trouble() {
    return trouble;
  }

  private int execute() {
    commands.add(1);
    if (chain.readableBytes() >= 2) {
      int kind = readable(0);
      int command = readable(1);
      if (kind == CLASS_ANNOUNCE && command == ANNOUNCE_ACK) {
        announced.run();
        return OK;
      }
    }
    refused.add(1);
    return ERR;
  }

  /// Byte `offset` of what the guest wrote; read once.
  private int readable(int offset) {
    int at = offset;
    int i = 0;
    while (at >= chain.length(i)) {
      at -= chain.length(i);
      i++;
    }
    return Memory.getByte(chain.address(i) + at) & 0xff;
  }
}
