package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Peers that break the protocol, stall, or are not who they say.
class MisbehaviourTest {
  /// Puts a record into what b receives, as if a had sent it.
  private static void inject(Lab lab, int type, int length, long... body) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment record = arena.allocate(8 + Math.max(length, 8L * body.length));
      Memory.putInt(record.address(), type);
      Memory.putInt(record.address() + 4, length);
      for (int i = 0; i < body.length; i++) {
        Memory.putLong(record.address() + 8 + 8L * i, body[i]);
      }
      lab.wire.far.incoming().put(record.address(), 8 + length);
      lab.wire.far.arrived();
    }
  }

  @ParameterizedTest(name = "{2}")
  @CsvSource({
    "9, 8, unknown type",
    "2, 65567, oversize frame",
    "2, 20, cut frame",
    "4, 15, short answer",
    "258, 40, reserved bits",
    "1, 44, second greeting",
    "4, 16, answer to nothing",
  })
  void breakingTheProtocolEndsTheConnectionAndNothingElse(int type, int length, String what) {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 3, 64);
      lab.settle();
      inject(lab, type, Math.min(length, 60), -1L, -1L);
      if (length > 60) {
        lab.wire.far.incoming().advance(0);
      }
      // Lengths beyond what is there are judged by the header alone.
      lab.settle();
      if (length <= 60) {
        assertThat(lab.kinds()).as(what).contains(FabricEvent.Kind.MISBEHAVED);
      }
      lab.pass(300 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
      assertThat(lab.opened).as("the session goes on").hasSize(1);
      lab.send(lab.a, 3, 6, 64);
      lab.settle();
      assertThat(lab.got).isEqualTo(Lab.numbers(0, 6));
    }
  }

  @Test
  void aFrameLongerThanAnyIsRefusedBeforeItsBytesCome() {
    try (Lab lab = new Lab().up()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment header = arena.allocate(8);
        Memory.putInt(header.address(), Records.FRAME);
        Memory.putInt(header.address() + 4, Integer.MAX_VALUE);
        lab.wire.far.incoming().put(header.address(), 8);
        lab.wire.far.arrived();
      }
      lab.turn();
      assertThat(lab.kinds()).contains(FabricEvent.Kind.MISBEHAVED);
      lab.pass(100 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
    }
  }

  @Test
  void aReplayedFrameIsDroppedAndCounted() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 5, 64);
      lab.settle();
      inject(lab, Records.FRAME, 40, 2L); // number 2 again
      inject(lab, Records.FRAME, 40, 4L);
      lab.settle();
      assertThat(Lab.counter(lab.b(), "rx_duplicates")).isEqualTo(2);
      assertThat(lab.a.connected()).isTrue();
      lab.send(lab.a, 5, 7, 64);
      lab.settle();
      assertThat(lab.got).isEqualTo(Lab.numbers(0, 7));
    }
  }

  @Test
  void aGapInTheNumbersEndsTheConnection() {
    try (Lab lab = new Lab().up()) {
      inject(lab, Records.FRAME, 40, 1L);
      lab.turn();
      assertThat(lab.events.getFirst().detail()).contains("a gap in its numbers");
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.MISBEHAVED);
      lab.settle();
    }
  }

  @Test
  void sendingBeyondTheCreditEndsTheConnection() {
    try (Lab lab = new Lab().up()) {
      for (int i = 0; i < 65; i++) {
        inject(lab, Records.FRAME, 40, i);
      }
      lab.b().receive(lab.batch, 0);
      assertThat(lab.events.getFirst().detail()).contains("beyond its credit");
      lab.settle();
    }
  }

  @Test
  void anImpossibleVirtioHeaderCostsThatFrameOnly() {
    try (Lab lab = new Lab().up()) {
      Frame bad = lab.frame(1, 64);
      Memory.putByte(bad.base(), (byte) 1); // a checksum that starts behind the frame
      Memory.putShort(bad.base() + 6, (short) 60);
      Memory.putShort(bad.base() + 8, (short) 16);
      lab.send(lab.a, bad, lab.frame(2, 64));
      lab.settle();
      assertThat(lab.got).containsExactly(2);
      assertThat(Lab.counter(lab.b(), "rx_drop_header_invalid")).isEqualTo(1);
      assertThat(lab.a.inFlight()).isZero();
    }
  }

  @Test
  void anotherNameThanTheCertificatesIsRefused() {
    try (Lab lab = new Lab()) {
      lab.names = Set.of("mallory");
      lab.settle();
      assertThat(lab.a.connected()).isFalse();
      assertThat(lab.opened).isEmpty();
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.REFUSED, FabricEvent.Kind.REFUSED);
      assertThat(lab.events.getFirst().detail()).contains("mallory").contains("issue one");
      lab.names = Set.of("a");
      lab.pass(100 * Lab.MS);
      assertThat(lab.a.connected()).isTrue();
    }
  }

  @Test
  void aNicThatIsNotOfferedIsRefusedByName() {
    try (Lab lab = new Lab().up()) {
      FabricPort other = lab.dialing("bond0", "n9");
      for (int i = 0; i < 5; i++) {
        other.receive(lab.batch, 0);
        other.flush();
        lab.settle();
      }
      assertThat(lab.events.getLast().detail()).contains("offers no NIC n9");
      assertThat(other.connected()).isFalse();
      other.close("enough");
    }
  }

  @Test
  void anotherVersionIsRefusedByBothNumbers() {
    try (Lab lab = new Lab()) {
      Lab.Wire wire = lab.wire();
      lab.sessions.accepted(wire.far);
      new Outbox()
          .hello(
              wire.near.outgoing(),
              new Hello(7, 9, 1, 0, 0, 64, 1 << 20, false, LinkState.UP, "a", "x", "n0"));
      wire.near.outgoing().publish();
      wire.move(1000, 0);
      lab.sessions.pump();
      assertThat(lab.events.getLast().kind()).isEqualTo(FabricEvent.Kind.REFUSED);
      assertThat(lab.events.getLast().detail()).contains("version 1").contains("7 to 9");
      wire.near.abort();
      wire.cut();
    }
  }

  @Test
  void whoDoesNotSayHelloIsSentAway() {
    try (Lab lab = new Lab()) {
      Lab.Wire wire = lab.wire();
      lab.sessions.accepted(wire.far);
      assertThat(lab.sessions.deadline()).isLessThan(Long.MAX_VALUE);
      lab.clock.advance(2_100 * Lab.MS);
      lab.sessions.pump();
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.HUNG);
      assertThat(wire.far.aborted()).isTrue();
      wire.near.abort();
      wire.cut();
    }
  }

  @Test
  void strangersBeyondTheLimitAreTurnedAway() {
    try (Lab lab = new Lab()) {
      Lab.Wire[] wires = new Lab.Wire[65];
      for (int i = 0; i < 65; i++) {
        wires[i] = lab.wire();
        lab.sessions.accepted(wires[i].far);
      }
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.REFUSED);
      assertThat(wires[64].far.aborted()).isTrue();
      lab.clock.advance(3_000 * Lab.MS);
      lab.sessions.pump();
      for (Lab.Wire wire : wires) {
        wire.near.abort();
        wire.cut();
      }
    }
  }

  @Test
  void sessionsBeyondTheLimitAreRefused() {
    try (Lab lab = new Lab().up()) {
      FabricPort[] more = new FabricPort[4];
      for (int i = 0; i < 4; i++) {
        more[i] = lab.dialing("bond" + (i + 1), "n0");
        more[i].receive(lab.batch, 0);
        more[i].flush();
        lab.settle();
        more[i].receive(lab.batch, 0);
      }
      assertThat(more[2].connected()).isTrue();
      assertThat(more[3].connected()).isFalse();
      assertThat(lab.events.getLast().detail()).contains("has 4 sessions already");
      for (FabricPort port : more) {
        port.close("done");
      }
    }
  }

  @Test
  void anotherSessionOfTheSameUserTakesThePlaceOfTheOlder() {
    try (Lab lab = new Lab().up()) {
      Lab.Wire first = lab.wire;
      FabricPort second = lab.dialing("bond0", "n0");
      second.receive(lab.batch, 0);
      second.flush();
      lab.settle();
      second.receive(lab.batch, 0);
      assertThat(second.connected()).isTrue();
      assertThat(lab.closed).containsExactly("a newer session took the place");
      first.move(1 << 20, 1 << 20);
      lab.a.receive(lab.batch, 0);
      assertThat(lab.a.connected()).isFalse();
      assertThat(lab.kinds()).contains(FabricEvent.Kind.REPLACED, FabricEvent.Kind.PEER_CLOSED);
      // It waits as long as it can before it throws the other out.
      assertThat(lab.a.deadline()).isGreaterThan(lab.clock.nanos() + 900 * Lab.MS);
      second.close("done");
    }
  }

  @Test
  void aSilentPeerIsHungAndASlowSocketIsBlocked() {
    try (Lab lab = new Lab().up()) {
      lab.send(lab.a, 0, 3, 64);
      for (int i = 0; i < 60; i++) {
        lab.clock.advance(20 * Lab.MS);
        lab.a.receive(lab.batch, 0);
        lab.a.flush();
      }
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.BLOCKED, FabricEvent.Kind.HUNG);
      assertThat(lab.a.link().up()).isFalse();
      assertThat(lab.a.inFlight()).as("still to be had").isEqualTo(3);
      lab.wire.cut();
      lab.pass(50 * Lab.MS);
      assertThat(lab.got).containsExactly(0, 1, 2);
    }
  }

  @Test
  void timeInWhichWeStoodStillIsNotThePeersSilence() {
    try (Lab lab = new Lab().up()) {
      lab.clock.advance(30_000 * Lab.MS);
      lab.settle();
      assertThat(lab.a.connected()).isTrue();
      assertThat(lab.events).isEmpty();
    }
  }

  @Test
  void aPeerThatSaysNothingBackAfterTlsIsHung() {
    try (Lab lab = new Lab()) {
      lab.a.receive(lab.batch, 0);
      lab.a.flush();
      lab.clock.advance(2_100 * Lab.MS);
      lab.a.receive(lab.batch, 0);
      assertThat(lab.kinds()).containsExactly(FabricEvent.Kind.HUNG);
      assertThat(lab.events.getFirst().detail()).contains("no greeting");
    }
  }

  /// Whatever comes, nothing but the connection ends, memory stays bounded, and the next connection
  /// works.
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void noiseEndsAConnectionAtMost(long seed) {
    System.out.println("MisbehaviourTest seed " + seed);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    try (Lab lab = new Lab(seed, Lab.WINDOW);
        Arena arena = Arena.ofConfined()) {
      MemorySegment noise = arena.allocate(4096);
      for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 20 && !lab.a.connected(); i++) {
          lab.pass(200 * Lab.MS); // a goodbye among the noise can cost a second
        }
        assertThat(lab.a.connected()).isTrue();
        lab.send(lab.a, 0, 3, 64);
        for (int i = 0; i < 20; i++) {
          int length = 1 + random.nextInt(200);
          for (int k = 0; k < length; k++) {
            Memory.putByte(noise.address() + k, (byte) random.nextInt());
          }
          if (random.nextInt(4) > 0) {
            // As good as a record: a known type, a plausible length, small numbers.
            Memory.putInt(noise.address(), random.nextInt(10));
            Memory.putInt(noise.address() + 4, random.nextInt(60));
            Memory.putInt(noise.address() + 8, random.nextInt(8));
            Memory.putInt(noise.address() + 12, random.nextInt(80));
          }
          Connection to = random.nextBoolean() ? lab.wire.far : lab.wire.near;
          if (to.incoming().free() >= length && !lab.wire.ended) {
            to.incoming().put(noise.address(), length);
            to.arrived();
          }
          lab.turn();
        }
        lab.wire.cut();
      }
      // A session that was lied to about numbers may have to begin anew, no more than that.
      lab.pass(3_000 * Lab.MS);
      lab.got.clear();
      lab.send(lab.a, 100, 110, 64);
      lab.settle();
      assertThat(lab.got).endsWith(Lab.numbers(100, 110).toArray(Integer[]::new));
    }
  }
}
