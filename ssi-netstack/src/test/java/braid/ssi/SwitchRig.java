package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Counter;
import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.SimClock;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A switch under virtual time, and frames as bytes into and out of its ends.
final class SwitchRig {
  static final long A = 0x0200_0000_00a0L;
  static final long B = 0x0200_0000_00b0L;
  static final long C = 0x0200_0000_00c0L;

  /// A host out in the network.
  static final long FAR = 0x0200_0000_0fffL;

  static final long ALL = Wire.BROADCAST;
  static final long MS = 1_000_000;
  static final long SECOND = 1_000 * MS;

  final SimClock clock = new SimClock(77 * SECOND);
  final Pools pools;
  final Switch hub;
  final Port net;
  private final Frame[] batch = new Frame[256];

  SwitchRig(Pools pools, SwitchConfig config) {
    this.pools = pools;
    hub = new Switch("sw", config, clock);
    net = hub.uplink();
    hub.carrier(LinkState.UP);
  }

  void send(Port end, byte[]... frames) {
    for (byte[] bytes : frames) {
      end.send(new Frame[] {pools.frame(bytes)}, 1);
    }
  }

  /// Everything that waits at `end`.
  List<byte[]> take(Port end) {
    List<byte[]> out = new ArrayList<>();
    for (int n = end.receive(batch, 256); n > 0; n = end.receive(batch, 256)) {
      for (int i = 0; i < n; i++) {
        out.add(batch[i].toBytes());
        batch[i].release();
      }
    }
    return out;
  }

  int count(Port end) {
    return take(end).size();
  }

  /// Numbers of the test frames that wait at `end`.
  List<Integer> numbers(Port end) {
    return take(end).stream().map(Packets::number).toList();
  }

  /// Nothing waits anywhere.
  void assertSilence() {
    assertThat(count(net)).as("frames at the uplink").isZero();
    for (Port end : hub.ends()) {
      assertThat(count(end)).as("frames at %s", end.name()).isZero();
    }
  }

  void emptyAll() {
    take(net);
    hub.ends().forEach(this::take);
  }

  /// What lies in the switch goes back; all copies are there.
  void close() {
    hub.carrier(LinkState.UP);
    for (Port end : hub.ends()) {
      assertThat(hub.detach(end.name())).isTrue();
    }
    take(net);
    assertThat(hub.copiesAvailable()).isEqualTo(SwitchConfig.DEFAULT.copyFrames());
  }

  static long counted(Port end, String name) {
    return counted(end.counters().all(), name);
  }

  long counted(String name) {
    return counted(hub.counters(), name);
  }

  private static long counted(List<Counter> all, String name) {
    return all.stream()
        .filter(c -> c.name().equals(name))
        .mapToLong(Counter::get)
        .reduce((a, b) -> a + b)
        .orElseThrow(() -> new AssertionError("no counter " + name));
  }

  /// Everything that was dropped on its way into `end`.
  static long refused(Port end) {
    return end.counters().all().stream()
        .filter(c -> c.name().startsWith("tx_drop_"))
        .mapToLong(Counter::get)
        .sum();
  }

  static byte[] frame(long to, long from, int number) {
    return Packets.numbered(to, from, number);
  }

  /// The same with a tag.
  static byte[] tagged(int tci, byte[] frame) {
    return withTag(0x8100, tci, frame);
  }

  static byte[] withTag(int type, int tci, byte[] frame) {
    return ByteBuffer.allocate(frame.length + 4)
        .put(frame, 0, 12)
        .putShort((short) type)
        .putShort((short) tci)
        .put(frame, 12, frame.length - 12)
        .array();
  }

  static byte[] first(byte[] frame, int bytes) {
    return Arrays.copyOf(frame, bytes);
  }
}
