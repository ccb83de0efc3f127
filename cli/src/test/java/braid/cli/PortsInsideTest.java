package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;

import braid.fabric.directory.Ownership;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import braid.ssi.EndConfig;
import braid.ssi.Switch;
import braid.ssi.SwitchConfig;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The small ports and pumps that the node puts between the big ones.
class PortsInsideTest {
  private static final long OURS = 0x02_00_00_00_00_01L;
  private static final long THEIRS = 0x02_00_00_00_00_02L;
  private static final long BROADCAST = 0xffff_ffff_ffffL;

  private final FramePool pool =
      new FramePool(Arena.ofAuto().allocate(FramePool.bytesFor(64, 256), 64), 256, 0);
  private final PipePort pipe = new PipePort("near", "far", 32);

  @AfterEach
  void allFramesAreBack() {
    pipe.drain();
    assertThat(pool.balanced()).isTrue();
  }

  private void arrives(long source) {
    byte[] bytes = new byte[60];
    ByteBuffer.wrap(bytes)
        .putShort((short) 0xffff)
        .putInt(-1)
        .putShort((short) (source >> 32))
        .putInt((int) source);
    Frame frame = pool.take();
    assertThat(frame).isNotNull();
    frame.write(bytes);
    pipe.far().send(new Frame[] {frame}, 1);
  }

  private static List<Long> sources(Frame[] frames, int count) {
    List<Long> sources = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sources.add(frames[i].mac(6));
      frames[i].release();
    }
    return sources;
  }

  @Test
  void whatAnotherNodeOwnsDoesNotPassAndWhatNobodyOwnsDoes() {
    OwnerGuard guard = new OwnerGuard(pipe, "b");
    Frame[] frames = new Frame[32];
    arrives(OURS);
    assertThat(sources(frames, guard.receive(frames, 32))).containsExactly(OURS);

    guard.owners(List.of(new Ownership(OURS, "a", 7), new Ownership(THEIRS, "b", 8)));
    arrives(OURS);
    arrives(THEIRS);
    arrives(OURS + 0x100);
    assertThat(sources(frames, guard.receive(frames, 32))).containsExactly(THEIRS, OURS + 0x100);
    assertThat(guard.counters().all().toString()).contains("rx_drop_not_owner=1");

    guard.owners(List.of(new Ownership(OURS, "b", 9)));
    arrives(OURS);
    assertThat(sources(frames, guard.receive(frames, 32))).containsExactly(OURS);
  }

  @Test
  void theFirstStationsAddressIsLearnedOnceUntilItIsOpenAgain() {
    List<Long> learned = new ArrayList<>();
    SourceLock lock = new SourceLock(pipe, () -> false, learned::add, () -> learned.add(0L));
    Frame[] frames = new Frame[32];
    arrives(BROADCAST);
    arrives(OURS);
    arrives(THEIRS);
    assertThat(sources(frames, lock.receive(frames, 32))).hasSize(3);
    assertThat(learned).containsExactly(OURS);
    lock.open();
    arrives(THEIRS);
    assertThat(sources(frames, lock.receive(frames, 32))).containsExactly(THEIRS);
    assertThat(learned).containsExactly(OURS, THEIRS);
  }

  @Test
  void aGuestWithABondOfItsOwnIsHeldToNoneThoughAProbeCameFirst() {
    List<Long> learned = new ArrayList<>();
    AtomicInteger released = new AtomicInteger();
    AtomicBoolean bonds = new AtomicBoolean();
    SourceLock lock = new SourceLock(pipe, bonds::get, learned::add, released::incrementAndGet);
    Frame[] frames = new Frame[32];
    arrives(THEIRS);
    assertThat(sources(frames, lock.receive(frames, 32))).containsExactly(THEIRS);
    assertThat(learned).containsExactly(THEIRS);
    bonds.set(true);
    for (int i = 0; i < 3; i++) {
      arrives(OURS);
      assertThat(sources(frames, lock.receive(frames, 32))).containsExactly(OURS);
    }
    assertThat(learned).as("nothing more").containsExactly(THEIRS);
    assertThat(released).hasValue(1);
  }

  @Test
  void aLinkIsToldWhenItIsAnother() {
    List<LinkState> told = new ArrayList<>();
    pipe.carrier(LinkState.DOWN);
    LinkWatch watch = new LinkWatch(pipe, told::add);
    watch.pump();
    assertThat(watch.arm()).isFalse();
    pipe.carrier(new LinkState(true, 1000));
    assertThat(watch.arm()).as("the worker must not sleep over it").isTrue();
    watch.pump();
    pipe.carrier(new LinkState(true, 1000));
    watch.pump();
    pipe.carrier(new LinkState(true, 2000));
    watch.pump();
    pipe.carrier(LinkState.DOWN);
    watch.pump();
    assertThat(told)
        .containsExactly(new LinkState(true, 1000), new LinkState(true, 2000), LinkState.DOWN);
  }

  @Test
  void whoIsPluggedInHearsOfTheLinkFromTheStartToTheEnd() {
    Outlet outlet = new Outlet(new Switch("s", SwitchConfig.DEFAULT, new SimClock(0)));
    List<LinkState> told = new ArrayList<>();
    LinkState fast = new LinkState(true, 1000);
    outlet.link(fast);
    outlet.plug("vm1", EndConfig.guest(OURS), told::add);
    outlet.link(fast);
    outlet.link(LinkState.DOWN);
    outlet.unplug("vm1");
    outlet.link(fast);
    assertThat(told).containsExactly(fast, LinkState.DOWN);
    assertThat(outlet.hub().ends()).isEmpty();
    assertThat(outlet.link()).isEqualTo(fast);
  }

  @Test
  void aGuestsEndIsWhatItsConfigurationSays() {
    EndConfig plain = GuestUnit.endOf(GuestSpec.option("vm1=/s,nic=a0"), OURS);
    assertThat(plain.macs()).containsExactly(OURS);
    assertThat(plain.trunk()).isTrue();
    assertThat(GuestUnit.endOf(GuestSpec.option("vm1=/s,nic=a0"), 0).macs())
        .as("not known yet")
        .isEmpty();
    EndConfig tagged =
        GuestUnit.endOf(
            GuestSpec.option(
                "vm1=/s,nic=a0,vlan=7,rate=100,mac=02:00:00:00:00:01,allow=02:00:00:00:00:02"),
            OURS);
    assertThat(tagged.macs()).containsExactly(OURS, THEIRS);
    assertThat(tagged.vlan()).isEqualTo(7);
    assertThat(tagged.trunk()).isFalse();
    assertThat(tagged.sending().bitsPerSecond()).isEqualTo(100_000_000);
    assertThat(GuestUnit.endOf(GuestSpec.option("vm1=/s,nic=a0,anti-spoof=off"), OURS).macs())
        .isEmpty();
  }

  @Test
  void aLoadIsAShareOfTheLineRate() {
    assertThat(NicLoads.percent(125_000_000, 1_000_000_000, 1000)).isEqualTo(100);
    assertThat(NicLoads.percent(12_500_000, 1_000_000_000, 1000)).isEqualTo(10);
    assertThat(NicLoads.percent(1_000_000_000, 1_000_000_000, 1000)).isEqualTo(100);
    assertThat(NicLoads.percent(1, 1_000_000_000, 0)).isZero();
  }
}
