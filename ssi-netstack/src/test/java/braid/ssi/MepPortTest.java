package braid.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Frame;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.SimClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MepPortTest {
  private static final long MS = 1_000_000;

  @RegisterExtension final Pools pools = new Pools();

  private final SimClock clock = new SimClock(0);
  private final PipePort guest = new PipePort("guest", "device", 16);
  private final MepPort port =
      new MepPort(guest.far(), Continuity.NODE, 0x0200_0000_0f00L, pools.control, clock);
  private final Frame[] batch = new Frame[64];
  private int sequence;

  @AfterEach
  void drain() {
    guest.drain();
  }

  private Frame ccm(Continuity from) {
    Frame frame = pools.data.take();
    Ccm.write(frame, 0x0200_0000_0001L, from, new Maid(from.maid()));
    Ccm.stamp(frame, sequence++, from.interval(), false, Ccm.STATUS_UP);
    return frame;
  }

  private void guestSays(Continuity from) {
    guest.send(new Frame[] {ccm(from)}, 1);
  }

  /// Turns each millisecond; what crosses to the uplink is returned.
  private List<byte[]> turn(int millis) {
    List<byte[]> crossed = new ArrayList<>();
    for (int i = 0; i < millis; i++) {
      int count = port.receive(batch, 64);
      for (int k = 0; k < count; k++) {
        crossed.add(batch[k].toBytes());
        batch[k].release();
      }
      clock.advance(MS);
    }
    return crossed;
  }

  private List<byte[]> guestHears() {
    List<byte[]> heard = new ArrayList<>();
    for (int n = guest.receive(batch, 64); n > 0; n = guest.receive(batch, 64)) {
      for (int i = 0; i < n; i++) {
        heard.add(batch[i].toBytes());
        batch[i].release();
      }
    }
    return heard;
  }

  @Test
  void aGuestThatDoesNotSpeakContinuityNeverSeesAMessage() {
    port.uplink(LinkState.UP);
    guest.send(new Frame[] {pools.frame(Packets.numbered(1, 2, 3))}, 1);
    assertThat(turn(500)).hasSize(1);
    port.uplink(LinkState.DOWN);
    turn(500);
    assertThat(guestHears()).isEmpty();
    assertThat(port.deadline()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theFirstMessageIsAnsweredInTheSameTurnAndDoesNotCross() {
    port.uplink(LinkState.UP);
    guestSays(Continuity.GUEST);
    assertThat(turn(1)).isEmpty();
    assertThat(guestHears())
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f[16]).as("no RDI, code 2").isEqualTo((byte) 2);
              assertThat(f[23]).as("MEP 2").isEqualTo((byte) 2);
              assertThat(f[91]).as("interface up").isEqualTo((byte) 1);
            });
  }

  @Test
  void itFollowsTheGuestsInterval() {
    guestSays(Continuity.GUEST.every(CcmInterval.MS_100));
    turn(1);
    guestHears();
    turn(250);
    List<byte[]> heard = guestHears();
    assertThat(heard).hasSize(2);
    assertThat(heard.getFirst()[16]).isEqualTo((byte) 3);
  }

  @Test
  void aChangeOfTheUplinkIsToldAtOnce() {
    port.uplink(LinkState.UP);
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    port.uplink(LinkState.DOWN);
    assertThat(guestHears()).singleElement().satisfies(f -> assertThat(f[91]).isEqualTo((byte) 2));
    port.uplink(LinkState.DOWN);
    assertThat(guestHears()).as("no news").isEmpty();
    port.uplink(LinkState.UP);
    assertThat(guestHears()).singleElement().satisfies(f -> assertThat(f[91]).isEqualTo((byte) 1));
  }

  @Test
  void silenceOfTheGuestIsToldAndEndsInSilence() {
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    turn(36);
    assertThat(guestHears().getLast()[16] & 0x80).as("RDI").isEqualTo(0x80);
    turn(1000);
    guestHears();
    assertThat(port.speaking()).isFalse();
    turn(200);
    assertThat(guestHears()).isEmpty();
    guestSays(Continuity.GUEST);
    turn(1);
    assertThat(guestHears()).singleElement().satisfies(f -> assertThat(f[16]).isEqualTo((byte) 2));
  }

  @Test
  void aGuestHeardAgainIsToldInTheSameTurn() {
    guestSays(Continuity.GUEST);
    turn(40);
    guestHears();
    guestSays(Continuity.GUEST);
    turn(1);
    assertThat(guestHears().getLast()[16]).as("RDI gone").isEqualTo((byte) 2);
  }

  @Test
  void aNewSessionStartsSilent() {
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    port.sessionStarted();
    turn(100);
    assertThat(guestHears()).isEmpty();
  }

  @Test
  void aGuestsPortWithoutLinkMakesItPassive() {
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    guest.far().carrier(LinkState.DOWN);
    turn(1);
    assertThat(port.speaking()).isFalse();
    guest.far().carrier(LinkState.UP);
    turn(100);
    assertThat(guestHears()).isEmpty();
  }

  @Test
  void messagesOfTheAssociationFromTheUplinkAreKeptFromTheGuest() {
    port.send(new Frame[] {ccm(Continuity.NODE), pools.frame(Packets.numbered(1, 2, 3))}, 2);
    List<byte[]> heard = guestHears();
    assertThat(heard).hasSize(1);
    assertThat(Packets.number(heard.getFirst())).isEqualTo(3);
    assertThat(port.counters().all().toString()).contains("tx_drop_control=1");
  }

  @Test
  void faultManagementOfOthersIsDataBothWays() {
    Continuity other = new Continuity(CcmInterval.S_1, "isp-ring", 5, 9);
    guestSays(other);
    assertThat(turn(1)).hasSize(1);
    port.send(new Frame[] {ccm(other)}, 1);
    assertThat(guestHears()).hasSize(1);
    assertThat(port.speaking()).isFalse();
  }

  @Test
  void aFloodedGuestStillHearsMessages() {
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    for (int room = port.room(); room > 0; room = port.room()) {
      port.send(new Frame[] {pools.frame(Packets.numbered(1, 2, 3))}, 1);
    }
    turn(10);
    assertThat(guestHears()).anyMatch(f -> Packets.type(f) == 0x8902);
  }

  @Test
  void withNoRoomAboveTheGuestIsNotTakenForSilent() {
    guestSays(Continuity.GUEST);
    turn(1);
    for (int i = 0; i < 100; i++) {
      assertThat(port.receive(batch, 0)).isZero();
      clock.advance(MS);
    }
    assertThat(guestHears()).allMatch(f -> (f[16] & 0x80) == 0);
  }

  @Test
  void aWrongMessageDoesNotWakeIt() {
    guestSays(Continuity.NODE);
    turn(1);
    assertThat(port.speaking()).isFalse();
    assertThat(port.counters().all().toString()).contains("control_rx_wrong=1");
  }

  @Test
  void theDeadlineIsTheNextMessage() {
    guestSays(Continuity.GUEST);
    turn(1);
    guestHears();
    assertThat(port.deadline()).isEqualTo(10 * MS);
  }
}
