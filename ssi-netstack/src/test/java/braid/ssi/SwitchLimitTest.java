package braid.ssi;

import static braid.ssi.SwitchRig.A;
import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.B;
import static braid.ssi.SwitchRig.C;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.MS;
import static braid.ssi.SwitchRig.SECOND;
import static braid.ssi.SwitchRig.counted;
import static braid.ssi.SwitchRig.frame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.port.Cable;
import braid.port.Frame;
import braid.port.PipePort;
import braid.port.Port;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Queues, room and rates: who is held back, who loses what.
class SwitchLimitTest {
  @RegisterExtension final Pools pools = new Pools();
  private SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private Switch hub = rig.hub;
  private Port net = rig.net;

  @AfterEach
  void empty() {
    rig.close();
  }

  private void fill(Port end, long to, long from, int count) {
    for (int i = 0; i < count; i++) {
      rig.send(end, frame(to, from, i));
    }
  }

  // Room

  @Test
  void aGuestIsHeldBackByTheNicAndNeverDropped() {
    Port a = hub.attach("a", EndConfig.guest(A));
    int sent = 0;
    for (int room = a.room(); room > 0; room = a.room()) {
      fill(a, FAR, A, room);
      sent += room;
    }
    assertThat(sent).isEqualTo(128);
    assertThat(counted(net, "rx_drop_full")).isZero();
    Frame[] some = new Frame[10];
    assertThat(net.receive(some, 10)).isEqualTo(10);
    for (Frame frame : some) {
      frame.release();
    }
    assertThat(a.room()).isEqualTo(10);
  }

  @Test
  void aGreedyGuestLeavesRoomForTheNext() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    for (int i = 0; i < 20; i++) {
      fill(a, FAR, A, a.room());
    }
    assertThat(b.room()).isEqualTo(64);
    long headStart = counted(a, "tx_frames");
    for (int turn = 0; turn < 400; turn++) {
      fill(a, FAR, A, Math.min(Cable.BATCH, a.room()));
      fill(b, FAR, B, Math.min(Cable.BATCH, b.room()));
      Frame[] some = new Frame[16];
      int n = net.receive(some, 16);
      for (int i = 0; i < n; i++) {
        some[i].release();
      }
    }
    assertThat(counted(net, "rx_drop_full")).isZero();
    long first = counted(a, "tx_frames") - headStart;
    assertThat((double) first / counted(b, "tx_frames")).isBetween(0.85, 1.2);
  }

  @Test
  void whatIsSentWithoutRoomIsDroppedAndCounted() {
    Port a = hub.attach("a", EndConfig.guest(A));
    fill(a, FAR, A, 300);
    assertThat(counted(net, "rx_drop_full")).isEqualTo(44);
    assertThat(counted(a, "tx_frames")).isEqualTo(256);
    assertThat(rig.count(net)).isEqualTo(256);
  }

  @Test
  void aGuestThatIsAloneHoldsTheNetworkBack() {
    Port a = hub.attach("a", EndConfig.guest(A));
    fill(net, A, FAR, net.room());
    assertThat(net.room()).isZero();
    rig.clock.advance(SECOND);
    assertThat(rig.count(a)).as("however long it takes").isEqualTo(256);
    assertThat(counted(a, "rx_drop_full")).isZero();
    assertThat(counted(a, "rx_drop_stale")).isZero();
  }

  @Test
  void aSlowGuestLosesItsOwnFramesAndStallsNobody() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    fill(net, A, FAR, 300);
    assertThat(net.room()).isEqualTo(256);
    fill(net, B, FAR, 50);
    fill(net, ALL, FAR, 1);
    assertThat(counted(a, "rx_drop_full")).isEqualTo(45);
    assertThat(counted(b, "rx_drop_full")).isZero();
    assertThat(rig.count(b)).isEqualTo(51);
  }

  @Test
  void aGuestThatTakesNothingKeepsNobodysBuffersForLong() {
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    fill(a, B, A, 10);
    long since = rig.clock.nanos();
    rig.clock.advance(60 * MS);
    fill(a, B, A, 10);
    assertThat(b.deadline()).isEqualTo(since + 100 * MS);
    rig.clock.advance(40 * MS);
    assertThat(b.receive(new Frame[0], 0)).isZero();
    assertThat(counted(b, "rx_drop_stale")).isEqualTo(10);
    assertThat(b.deadline()).isEqualTo(since + 160 * MS);
    rig.clock.advance(500 * MS);
    assertThat(rig.count(b)).as("whoever takes them gets them, late or not").isEqualTo(10);
  }

  @Test
  void framesForTheNetworkAreNeverTooOld() {
    Port a = hub.attach("a", EndConfig.guest(A));
    hub.attach("b", EndConfig.guest(B));
    fill(a, FAR, A, 10);
    rig.clock.advance(10 * SECOND);
    assertThat(net.receive(new Frame[0], 0)).isZero();
    assertThat(rig.count(net)).isEqualTo(10);
  }

  @Test
  void whenNoCopyIsLeftTheFrameStillReachesOne() {
    rig = new SwitchRig(pools, SwitchConfig.DEFAULT.copies(3, 128));
    hub = rig.hub;
    net = rig.net;
    Port a = hub.attach("a", EndConfig.guest(A));
    Port b = hub.attach("b", EndConfig.guest(B));
    Port c = hub.attach("c", EndConfig.guest(C));
    fill(a, ALL, A, 3);
    assertThat(hub.copiesAvailable()).isZero();
    assertThat(rig.count(net)).isEqualTo(3);
    assertThat(counted(b, "rx_drop_no_copy") + counted(c, "rx_drop_no_copy")).isEqualTo(3);
    assertThat(rig.count(b) + rig.count(c)).isEqualTo(3);
    assertThat(hub.copiesAvailable()).isEqualTo(3);
    byte[] large = new byte[200];
    System.arraycopy(frame(ALL, A, 1), 0, large, 0, 60);
    rig.send(a, large);
    assertThat(rig.count(net)).isEqualTo(1);
    assertThat(counted(b, "rx_drop_copy_too_long")).isEqualTo(1);
    assertThat(counted(c, "rx_drop_copy_too_long")).isEqualTo(1);
    rig.send(a, frame(ALL, A, 2));
    rig.emptyAll();
    assertThat(hub.copiesAvailable()).isEqualTo(3);
    rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  }

  // Rates

  private long passed(Port from, Port to, long nanos, long dest, long source) {
    long bytes = 0;
    for (long t = 0; t < nanos; t += MS / 10) {
      for (int room = Math.min(64, from.room()); room > 0; room = Math.min(64, from.room())) {
        fill(from, dest, source, room);
      }
      for (byte[] each : rig.take(to)) {
        bytes += each.length;
      }
      rig.clock.advance(MS / 10);
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(longs = {1_000_000, 8_000_000, 33_333_333})
  void aGuestSendsAtItsRateExactly(long rate) {
    RateLimit limit = new RateLimit(rate, 6_000);
    Port a = hub.attach("a", EndConfig.guest(A).limits(limit, RateLimit.NONE));
    long bytes = passed(a, net, 10 * SECOND, FAR, A);
    // The rate for the time, the burst at the beginning, and the last frame, which may overdraw.
    long due = rate / 8 * 10 + 6_000;
    assertThat(bytes).isBetween(due - 120 - rate / 80_000, due + 120);
    assertThat(SwitchRig.refused(a)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1_000_000, 8_000_000})
  void aGuestReceivesAtItsRateExactlyAndLosesTheRest(long rate) {
    RateLimit limit = new RateLimit(rate, 6_000);
    Port a = hub.attach("a", EndConfig.guest(A).limits(RateLimit.NONE, limit));
    hub.attach("b", EndConfig.guest(B));
    long bytes = 0;
    for (long t = 0; t < 10 * SECOND; t += MS) {
      fill(net, A, FAR, 40);
      for (byte[] each : rig.take(a)) {
        bytes += each.length;
      }
      rig.clock.advance(MS);
    }
    long due = rate / 8 * 10 + 6_000;
    assertThat(bytes).isBetween(due - 120 - rate / 8_000, due + 120);
    assertThat(counted(a, "rx_drop_full")).isPositive();
  }

  @Test
  void whoIsOverItsRateSleepsUntilItIsNot() {
    RateLimit limit = new RateLimit(480_000, 60); // one frame a millisecond
    Port a = hub.attach("a", EndConfig.guest(A).limits(limit, limit));
    assertThat(a.room()).isEqualTo(1);
    assertThat(a.deadline()).isEqualTo(Long.MAX_VALUE);
    fill(a, FAR, A, 1);
    assertThat(a.room()).isZero();
    assertThat(a.deadline()).isEqualTo(rig.clock.nanos() + 1);
    fill(a, FAR, A, 1);
    assertThat(a.deadline()).as("the debt first").isEqualTo(rig.clock.nanos() + MS + 1);
    fill(net, A, FAR, 3);
    assertThat(a.arm()).isTrue();
    Frame[] got = new Frame[3];
    assertThat(a.receive(got, 3)).isEqualTo(1);
    got[0].release();
    assertThat(a.arm()).as("nothing may come out yet").isFalse();
    rig.clock.advance(a.deadline() - rig.clock.nanos());
    assertThat(a.arm()).isTrue();
    assertThat(a.receive(got, 3)).isEqualTo(1);
    got[0].release();
    rig.clock.advance(10 * MS);
    assertThat(a.receive(got, 3)).isEqualTo(1);
    got[0].release();
  }

  @Test
  void aFrameLargerThanTheBurstPassesAndIsPaidFor() {
    RateLimit limit = new RateLimit(8_000, 10); // 1,000 bytes a second
    Port a = hub.attach("a", EndConfig.guest(A).limits(limit, RateLimit.NONE));
    fill(a, FAR, A, a.room());
    rig.clock.advance(50 * MS);
    assertThat(a.room()).isZero();
    rig.clock.advance(11 * MS);
    assertThat(a.room()).isEqualTo(1);
  }

  @Test
  void settingsAreChecked() {
    assertThatThrownBy(() -> SwitchConfig.DEFAULT.queueFrames(7))
        .hasMessage("queue-frames is 8 to 65536, not 7");
    assertThatThrownBy(() -> SwitchConfig.DEFAULT.addresses(4096, 9 * SECOND))
        .hasMessageContaining("age is 10000000000 to");
    assertThatThrownBy(() -> SwitchConfig.DEFAULT.copies(0, 128)).hasMessageContaining("not 0");
    assertThatThrownBy(() -> EndConfig.guest(A, A)).hasMessageContaining("02:00:00:00:00:a0");
    assertThatThrownBy(() -> EndConfig.guest(ALL)).hasMessageContaining("not a unicast MAC");
  }

  @Test
  void ratesAreChecked() {
    assertThatThrownBy(() -> new RateLimit(999, 1)).hasMessageContaining("not 999");
    assertThatThrownBy(() -> new RateLimit(-1, 1)).hasMessageContaining("not -1");
    assertThatThrownBy(() -> new RateLimit(1_000, 0)).hasMessageContaining("burst");
    assertThat(RateLimit.of(10_000_000_000L).burstBytes()).isEqualTo(31_250_000);
    assertThat(RateLimit.of(1_000).burstBytes()).isEqualTo(Frame.BYTES_MAX);
    assertThat(RateLimit.of(1_000_000_000_000L).burstBytes()).isEqualTo(1 << 30);
  }

  @Test
  void aBucketForgetsNoBit() {
    TokenBucket bucket = new TokenBucket(new RateLimit(7_000_000, 1), 0);
    // 8e9 / 7e6 ns a byte is no whole number.
    for (int i = 0; i < 7_000_000; i++) {
      bucket.take(1, 0);
    }
    long due = 8_000_000_000L;
    assertThat(bucket.open(due - 1_200)).isFalse();
    assertThat(bucket.opensAt()).isBetween(due - 1_200, due);
    assertThat(bucket.open(bucket.opensAt())).isTrue();
    assertThat(bucket.open(bucket.opensAt() - 1)).isFalse();
  }

  // As a worker sees it

  @Test
  void cablesAndASwitchSleepWhenNothingCanMove() {
    PipePort guest = new PipePort("g", "guest", 64);
    PipePort nic = new PipePort("n", "nic", 4);
    Port a = hub.attach("a", EndConfig.guest(A));
    Cable inner = new Cable(guest.far(), a);
    Cable outer = new Cable(net, nic);
    Frame[] batch = new Frame[64];
    for (int i = 0; i < 64; i++) {
      batch[i] = pools.frame(frame(FAR, A, i));
    }
    guest.send(batch, 64);
    for (int turn = 0; turn < 10; turn++) {
      int moved = inner.pump() + outer.pump();
      assertThat(moved > 0).isEqualTo(turn == 0);
    }
    assertThat(nic.far().receive(batch, 64)).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      batch[i].release();
    }
    assertThat(inner.arm()).isFalse();
    assertThat(outer.arm()).as("frames wait, the NIC has room").isTrue();
    assertThat(outer.pump()).isEqualTo(4);
    assertThat(outer.arm()).isFalse();
    nic.drain();
    guest.drain();
  }
}
