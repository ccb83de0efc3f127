package braid.fabric;

import braid.port.LinkState;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The small records of one end: written when the byte ring has place, merged while it has not.
///
/// An ACK waits a little for more to be answered with it as long as the worker is busy anyway: each
/// one alone costs the I/O threads of both nodes a TLS record and a system call. The worker's.
final class Outbox {
  /// How long an answer may wait while there is other work.
  private static final long ANSWER_NANOS = 50_000;

  private static final int SMALL = Records.HEADER_BYTES + Long.BYTES;
  private static final int ACK = Records.HEADER_BYTES + Records.ACK_BYTES;

  private final MemorySegment scratch =
      Arena.ofAuto().allocate(Records.HEADER_BYTES + Records.HELLO_MAX, Long.BYTES);
  private final long at = scratch.address();
  private LinkState status = LinkState.DOWN;
  private boolean statusDue;
  private boolean pingDue;
  private boolean pongDue;
  private long pong;
  private long answerAt = Long.MAX_VALUE;

  Outbox() {}

  /// A connection begins with a greeting that tells everything; what was due is void.
  void hello(ByteRing to, Hello hello) {
    to.put(at, hello.write(at));
    statusDue = false;
    pingDue = false;
    pongDue = false;
    answerAt = Long.MAX_VALUE;
  }

  /// Tells the state of the NIC behind us.
  void status(LinkState link) {
    status = link;
    statusDue = true;
  }

  void ping() {
    pingDue = true;
  }

  void pong(long value) {
    pong = value;
    pongDue = true;
  }

  void bye(ByteRing to, Bye bye) {
    int bytes = bye.write(at);
    if (to.free() >= bytes) {
      to.put(at, bytes);
    }
  }

  /// Writes what is due.
  void flush(ByteRing to, Receiver receiver, long now) {
    if (receiver.answerDue()) {
      if (receiver.answerUrgent() || now >= answerAt) {
        answer(to, receiver);
      } else if (answerAt == Long.MAX_VALUE) {
        answerAt = now + ANSWER_NANOS;
      }
    }
    if (statusDue) {
      long carrier = status.up() ? 1 : 0;
      statusDue = !put(to, Records.STATUS, carrier | (long) status.speedMbps() << 32);
    }
    if (pingDue) {
      pingDue = !put(to, Records.PING, now);
    }
    if (pongDue) {
      pongDue = !put(to, Records.PONG, pong);
    }
  }

  /// Writes an ACK, if there is something to answer.
  void answer(ByteRing to, Receiver receiver) {
    if (receiver.answerDue() && to.free() >= ACK) {
      receiver.answer(at);
      to.put(at, ACK);
      answerAt = Long.MAX_VALUE;
    }
  }

  /// When [#flush] has something to write though nothing happened.
  long deadline() {
    return answerAt;
  }

  private boolean put(ByteRing to, int type, long body) {
    if (to.free() < SMALL) {
      return false;
    }
    Memory.putInt(at, type);
    Memory.putInt(at + Records.LENGTH, Long.BYTES);
    Memory.putLong(at + Records.HEADER_BYTES, body);
    to.put(at, SMALL);
    return true;
  }
}
