package braid.host;

import static org.assertj.core.api.Assertions.assertThat;

import braid.virtio.FrontendMessage.*;
import braid.virtio.NetConfig;
import braid.virtio.VhostUserReply;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Front-ends over real sockets, in the orders that real ones use.
@Timeout(60)
class SessionTest {
  private static final long ANY = -1L & ~(1L << 33);

  private final TestNode node = new TestNode();
  private final TestGuest guest = new TestGuest();

  @AfterEach
  void close() {
    node.close();
    guest.close();
  }

  private static byte[] frame(int bytes, long seed) {
    byte[] frame = new byte[bytes];
    new Random(seed).nextBytes(frame);
    return frame;
  }

  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not in time: " + what);
      }
      java.util.concurrent.locks.LockSupport.parkNanos(200_000);
    }
  }

  private void echo(TestFrontEnd frontEnd, int bytes, long seed) {
    byte[] sent = frame(bytes, seed);
    frontEnd.guest.post(8, 2048);
    frontEnd.guest.transmit(sent);
    frontEnd.kicks[1].signal();
    List<TestGuest.Received> got = new java.util.ArrayList<>();
    until(
        "echo",
        () -> {
          got.addAll(frontEnd.guest.received());
          return !got.isEmpty();
        });
    assertThat(got.get(0).frame()).isEqualTo(sent);
    until("completion", () -> frontEnd.guest.transmitted() > 0);
  }

  static long count(VhostUserServer server, String name) {
    return server.counters().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow()
        .get();
  }

  @Test
  void aFrontEndThatBehavesLikeQemuGetsItsFramesBack() {
    VhostNetPort port = node.loop("qemu");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      echo(frontEnd, 1514, 1);
      echo(frontEnd, 60, 2);
      until("call", () -> frontEnd.calls[0].drain() > 0);
      VhostUserReply.VringBase base = (VhostUserReply.VringBase) frontEnd.send(new GetVringBase(1));
      assertThat(base.base()).isEqualTo(2);
    }
    until("link down", () -> !node.worker.call(() -> port.link().up()));
  }

  @Test
  void aFrontEndThatBehavesLikeUserModeLinuxGetsItsFramesBack() {
    VhostNetPort port = node.loop("uml");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeUserModeLinux(ANY);
      echo(frontEnd, 1514, 1);
      byte[] config =
          ((VhostUserReply.Config) frontEnd.send(new GetConfig(0, 12, 0))).bytes().toArray();
      assertThat(config).startsWith(2, 0, 0, 0, 0, 7);
      assertThat(config[NetConfig.STATUS]).isEqualTo((byte) NetConfig.LINK_UP);
    }
  }

  @Test
  void frontEndsComeAndGoAndThePathIsThereAsLongAsItAnswers() {
    VhostNetPort port = node.loop("again");
    VhostUserServer server = node.serve(port, false);
    for (int i = 0; i < 20; i++) {
      for (int index = 0; index < 3; index++) {
        guest.restart(index);
      }
      try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
        frontEnd.likeQemu(ANY);
        echo(frontEnd, 100 + i, i);
      }
    }
    server.close();
    assertThat(Files.exists(node.socket(port))).isFalse();
    assertThat(count(server, "sessions")).isEqualTo(20);
  }

  @Test
  void aKickBeforeTheQueueIsEnabledIsNotLost() {
    VhostNetPort port = node.loop("early");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      for (int i = 0; i < 200; i++) {
        frontEnd.send(new SetVringEnable(0, false));
        guest.post(1, 2048);
        frontEnd.kicks[0].signal();
        guest.transmit(frame(60, i));
        frontEnd.kicks[1].signal();
        frontEnd.send(new SetVringEnable(0, true));
        until("used", () -> guest.transmitted() > 0);
        guest.received();
      }
    }
  }

  @Test
  void anUnknownRequestIsRefusedAndTheSessionGoesOn() {
    VhostNetPort port = node.loop("unknown");
    node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      java.nio.ByteBuffer raw =
          java.nio.ByteBuffer.allocate(12).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      raw.putInt(77).putInt(1 | 8).putInt(0);
      frontEnd.raw(raw.array(), List.of());
      // The acknowledgement has the unknown number.
      java.lang.foreign.MemorySegment in = java.lang.foreign.Arena.ofAuto().allocate(20);
      assertThat(frontEnd.socket.receiveFully(in, new java.util.ArrayList<>())).isEqualTo(20);
      assertThat(in.get(java.lang.foreign.ValueLayout.JAVA_INT, 0)).isEqualTo(77);
      assertThat(in.get(java.lang.foreign.ValueLayout.JAVA_INT, 12)).isEqualTo(1);
      echo(frontEnd, 60, 1);
    }
  }

  @Test
  void aProtocolErrorEndsTheSessionAndTheNextOneIsServed() {
    VhostNetPort port = node.loop("error");
    VhostUserServer server = node.serve(port, false);
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.send(new SetFeatures(1L << 32));
      frontEnd.send(new SetVringNum(0, 255));
      assertThat(frontEnd.gone()).isTrue();
    }
    try (TestFrontEnd frontEnd = new TestFrontEnd(node.socket(port), guest)) {
      frontEnd.likeQemu(ANY);
      echo(frontEnd, 60, 1);
    }
    assertThat(count(server, "protocol_errors")).isEqualTo(1);
  }
}
