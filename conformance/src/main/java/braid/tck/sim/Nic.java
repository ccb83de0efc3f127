package braid.tck.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// A network card and its driver in the kernel: outlives the process that uses it.
///
/// It sends at its own speed. Its carrier can go; the process hears of that a little later, and
/// what it hands over meanwhile is lost, as on a real card.
final class Nic implements Lan.Plug {
  private static final int QUEUE = 256;
  private static final long NANOS_PER_BYTE_AT_1G = 8;

  private final String name;
  private final int index;
  private final Timeline time;
  private final Lan lan;
  private final int port;
  private final Deque<byte[]> arrived = new ArrayDeque<>();
  private @Nullable NicPort user;
  private boolean carrier = true;
  private int slowness = 1;
  private long busyUntil;
  private long overruns;

  /// @param index among the NICs of the simulation
  Nic(String name, int index, Timeline time, Lan lan) {
    this.name = name;
    this.index = index;
    this.time = time;
    this.lan = lan;
    this.port = lan.plug(this);
  }

  String name() {
    return name;
  }

  int index() {
    return index;
  }

  Lan.Cable cable() {
    return lan.cable(port);
  }

  boolean carrier() {
    return carrier;
  }

  boolean slow() {
    return slowness > 1;
  }

  /// So many times slower than 1 Gbit/s.
  void slowness(int factor) {
    slowness = factor;
  }

  void carrier(boolean up) {
    carrier = up;
    arrived.clear();
  }

  /// The process that sends and receives from now on.
  void user(@Nullable NicPort port) {
    user = port;
    arrived.clear();
  }

  /// Puts a frame on the wire when those before it are out.
  void transmit(NicPort from, int bytes) {
    busyUntil = Math.max(time.now(), busyUntil) + bytes * NANOS_PER_BYTE_AT_1G * slowness;
    time.at(busyUntil, () -> from.transmitted(carrier));
  }

  /// What `from` has on the wire now.
  void wire(byte[] frame) {
    lan.send(frame, port);
  }

  @Override
  public void arrives(byte[] frame) {
    NicPort to = user;
    if (!carrier || to == null) {
      return;
    }
    if (arrived.size() == QUEUE) {
      overruns++;
      return;
    }
    arrived.add(frame);
    to.wake();
  }

  /// Frames lost because nobody took them.
  long overruns() {
    return overruns;
  }

  byte @Nullable [] take() {
    return arrived.poll();
  }

  boolean waiting() {
    return !arrived.isEmpty();
  }

  @Override
  public String toString() {
    return name + (carrier ? "" : " (no carrier)") + (slow() ? " (slow)" : "");
  }
}
