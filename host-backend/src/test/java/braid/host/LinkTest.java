package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.kernel.UnixListener;
import braid.kernel.UnixSocket;
import braid.port.LinkState;
import braid.port.Memory;
import braid.virtio.BackendMessage;
import braid.virtio.FrontendMessage.*;
import braid.virtio.NetConfig;
import braid.virtio.ProtocolException;
import braid.virtio.VhostUserReply;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How a guest learns of the uplink's carrier.
@Timeout(60)
class LinkTest {
  private static final long ANY = -1L & ~(1L << 33);

  private final TestNode node = new TestNode();
  private final TestGuest guest = new TestGuest();

  @AfterEach
  void close() {
    node.close();
    guest.close();
  }

  private static int status(TestFrontEnd frontEnd) {
    return ((VhostUserReply.Config) frontEnd.send(new GetConfig(0, 12, 0)))
        .bytes()
        .toArray()[NetConfig.STATUS];
  }

  @Test
  void aFrontEndThatTakesConfigIsToldAndStaysConnected() {
    VhostNetPort port = node.loop("uml");
    VhostUserServer server = node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeUserModeLinux(ANY);
      server.link(LinkState.DOWN);
      assertThat(frontEnd.fromBackEnd()).isInstanceOf(BackendMessage.ConfigChange.class);
      assertThat(status(frontEnd)).isZero();
      server.link(LinkState.UP);
      assertThat(frontEnd.fromBackEnd()).isInstanceOf(BackendMessage.ConfigChange.class);
      assertThat(status(frontEnd)).isEqualTo(NetConfig.LINK_UP);
    }
  }

  @Test
  void aFrontEndThatTakesConfigIsToldTheSpeedOfTheLink() {
    VhostNetPort port = node.loop("speed");
    VhostUserServer server = node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeUserModeLinux(ANY);
      assertThat(config(frontEnd).speed()).isEqualTo(NetConfig.UNKNOWN_SPEED);
      server.link(new LinkState(true, 3_000));
      assertThat(frontEnd.fromBackEnd()).isInstanceOf(BackendMessage.ConfigChange.class);
      assertThat(config(frontEnd))
          .returns(3_000, NetConfig::speed)
          .returns(NetConfig.FULL_DUPLEX, NetConfig::duplex)
          .returns(true, NetConfig::linkUp);
      server.link(LinkState.DOWN);
      assertThat(frontEnd.fromBackEnd()).isInstanceOf(BackendMessage.ConfigChange.class);
      assertThat(config(frontEnd))
          .returns(NetConfig.UNKNOWN_SPEED, NetConfig::speed)
          .returns(false, NetConfig::linkUp);
    }
  }

  private static NetConfig config(TestFrontEnd frontEnd) {
    byte[] bytes =
        ((VhostUserReply.Config) frontEnd.send(new GetConfig(0, NetConfig.BYTES, 0)))
            .bytes()
            .toArray();
    try {
      return NetConfig.parse(bytes, NetDevice.FEATURES);
    } catch (ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aGuestAnnouncesItselfWhenAskedAndAcknowledgesThroughTheControlQueue() {
    VhostNetPort port = node.loop("announce");
    VhostUserServer server = node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeUserModeLinux(ANY);
      server.announce();
      assertThat(frontEnd.fromBackEnd()).isInstanceOf(BackendMessage.ConfigChange.class);
      assertThat(status(frontEnd)).isEqualTo(NetConfig.LINK_UP | NetConfig.ANNOUNCE);
      assertThat(command(frontEnd, 3, 0)).isZero();
      assertThat(status(frontEnd)).isEqualTo(NetConfig.LINK_UP);
      assertThat(command(frontEnd, 1, 0)).isEqualTo(1);
      assertThat(command(frontEnd, 3, 1)).isEqualTo(1);
    }
  }

  private int command(TestFrontEnd frontEnd, int kind, int command) {
    int at = 0x9000;
    Memory.putShort(guest.at(at), (short) (kind | command << 8));
    Memory.putByte(guest.at(at + 16), (byte) 0x55);
    guest
        .queue(2)
        .add(
            new long[] {TestGuest.GUEST + at, TestGuest.GUEST + at + 16},
            new int[] {2, 1},
            1,
            1,
            0);
    guest.queue(2).publish();
    frontEnd.kicks[2].signal();
    SessionTest.until("the command is done", () -> guest.queue(2).poll() == 1);
    return Memory.getByte(guest.at(at + 16));
  }

  @Test
  void otherFrontEndsAreHungUpAndNobodyListensUntilTheLinkIsBack() {
    VhostNetPort port = node.loop("qemu");
    VhostUserServer server = node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      server.link(LinkState.DOWN);
      assertThat(frontEnd.gone()).isTrue();
    }
    SessionTest.until("nobody listens", () -> !Files.exists(node.socket(port)));
    server.link(LinkState.UP);
    SessionTest.until("listens", () -> Files.exists(node.socket(port)));
    guest.restart(0);
    guest.restart(1);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
    }
  }

  @Test
  void aGuestThatHearsOfTheLinkOtherwiseIsNotHungUp() {
    VhostNetPort port = node.loop("ccm");
    VhostUserServer server = node.serve(port, false);
    node.hangUp = false;
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      server.link(LinkState.DOWN);
      assertThat(frontEnd.number(new GetFeatures())).isNotZero();
    }
    assertThat(Files.exists(node.socket(port))).isTrue();
  }

  @Test
  void asAClientItConnectsWheneverSomebodyListens() {
    VhostNetPort port = node.loop("client");
    for (int i = 0; i < 3; i++) {
      try (UnixListener listener = UnixListener.listen(node.socket(port))) {
        if (i == 0) {
          node.serve(port, true);
        }
        try (UnixSocket socket = listener.accept()) {
          assertThat(socket).isNotNull();
          TestFrontEnd frontEnd = new TestFrontEnd(socket, guest);
          frontEnd.likeQemu(ANY);
          SessionTest.until("up", () -> node.worker.call(() -> port.link().up()));
          guest.restart(0);
          guest.restart(1);
        }
      }
    }
  }
}
