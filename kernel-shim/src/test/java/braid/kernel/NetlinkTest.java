package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Interfaces of this machine, made and removed by the test.
@Tag("real")
@Timeout(60)
class NetlinkTest {
  private static final long PID = ProcessHandle.current().pid();
  private static final String NEAR = "bv" + PID;
  private static final String BRIDGE = "bb" + PID;
  private static final int INDEX = 100_000 + (int) (PID % 100_000) * 2;

  private final Netlink netlink = new Netlink();
  private Namespace space;

  private record Event(Link link, boolean present) {}

  @BeforeEach
  void makeVeth() {
    space = new Namespace("brd-nl");
    makePair();
  }

  private void makePair() {
    // Equal numbers at both ends would let the kernel report a carrier up to a second late.
    Shell.run(
        "ip link add "
            + NEAR
            + " index "
            + INDEX
            + " type veth peer name far netns "
            + space.name()
            + " index "
            + (INDEX + 1));
    space.exec("ip link set far up");
  }

  @AfterEach
  void removeAll() {
    for (String name : new String[] {NEAR, BRIDGE}) {
      netlink.link(name).ifPresent(link -> netlink.delete(link.index()));
    }
    netlink.close();
    space.close();
  }

  @Test
  void anInterfaceIsFoundAndChanged() throws Exception {
    Link before = netlink.requireLink(NEAR);
    assertThat(before.index()).isEqualTo(INDEX);
    assertThat(before.kind()).isEqualTo("veth");
    assertThat(before.up()).isFalse();
    assertThat(before.carrier()).isFalse();
    netlink.setMac(INDEX, 0x02_11_22_33_44_55L);
    netlink.setMtu(INDEX, 1400);
    netlink.setUp(INDEX, true);
    netlink.addAddress(INDEX, InetAddress.getByName("10.211.0.1"), 24);
    netlink.addAddress(INDEX, InetAddress.getByName("10.211.0.1"), 24);
    netlink.addAddress(INDEX, InetAddress.getByName("fd11::1"), 64);
    Link after = netlink.requireLink(NEAR);
    assertThat(after.mac()).isEqualTo(0x02_11_22_33_44_55L);
    assertThat(after.mtu()).isEqualTo(1400);
    assertThat(after.up()).isTrue();
    assertThat(after.carrier()).isTrue();
    assertThat(netlink.links()).extracting(Link::name).contains("lo", NEAR);
    assertThat(Shell.run("ip addr show dev " + NEAR)).contains("10.211.0.1/24", "fd11::1/64");
    assertThat(netlink.link("brd-none")).isEmpty();
  }

  @Test
  void aBridgeIsMadeOnceAndTakesMembers() {
    assertThat(netlink.createBridge(BRIDGE)).isTrue();
    assertThat(netlink.createBridge(BRIDGE)).isFalse();
    netlink.join(NEAR, BRIDGE);
    Link bridge = netlink.requireLink(BRIDGE);
    assertThat(bridge.kind()).isEqualTo("bridge");
    assertThat(bridge.up()).isTrue();
    assertThat(netlink.requireLink(NEAR).master()).isEqualTo(bridge.index());
    netlink.setMaster(INDEX, 0);
    assertThat(netlink.requireLink(NEAR).master()).isZero();
    assertThatThrownBy(() -> netlink.createBridge(NEAR)).hasMessageContaining("EEXIST");
  }

  @Test
  void anErrorSaysWhatWasTriedAndWhatTheKernelSays() {
    assertThatThrownBy(() -> netlink.setMtu(INDEX, 10))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("set the MTU of interface " + INDEX + " to 10")
        .hasMessageContaining("EINVAL")
        .hasMessageContaining("kernel:");
    assertThatThrownBy(() -> netlink.setUp(999_999, true)).hasMessageContaining("ENODEV");
  }

  @Test
  void aLostCarrierAReturnedOneAndADeletionAreReported() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    try (LinkMonitor monitor =
        LinkMonitor.start((link, present) -> events.add(new Event(link, present)))) {
      assertThat(monitor).isNotNull();
      awaitEvent(events, e -> e.link().name().equals("lo"));
      netlink.setUp(INDEX, true);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      space.exec("ip link set far down");
      awaitEvent(events, e -> e.link().name().equals(NEAR) && !e.link().carrier());
      space.exec("ip link set far up");
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      netlink.createBridge(BRIDGE);
      netlink.join(NEAR, BRIDGE);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().master() != 0);
      netlink.setMaster(INDEX, 0);
      Event left = awaitEvent(events, e -> e.link().name().equals(NEAR));
      assertThat(left.present()).as("leaving a bridge is no deletion").isTrue();
      netlink.delete(INDEX);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && !e.present());
    }
  }

  @Test
  void aWatchedCarrierIsToldThoughTheKernelReportsNothing() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    netlink.setUp(INDEX, true);
    try (LinkMonitor monitor =
        LinkMonitor.start((link, present) -> events.add(new Event(link, present)), 0)) {
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      monitor.watch(Set.of(NEAR, "brd-none"));
      for (int i = 0; i < 5; i++) {
        space.exec("ip link set far down");
        awaitEvent(events, e -> e.link().name().equals(NEAR) && !e.link().carrier());
        space.exec("ip link set far up");
        awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      }
    }
  }

  @Test
  void anInterfaceThatIsMadeAnewIsWatchedAgain() throws Exception {
    BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    try (LinkMonitor monitor =
        LinkMonitor.start((link, present) -> events.add(new Event(link, present)))) {
      monitor.watch(Set.of(NEAR));
      netlink.setUp(INDEX, true);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      netlink.delete(INDEX);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && !e.present());
      makePair();
      netlink.setUp(INDEX, true);
      awaitEvent(events, e -> e.link().name().equals(NEAR) && e.link().carrier());
      space.exec("ip link set far down");
      awaitEvent(events, e -> e.link().name().equals(NEAR) && !e.link().carrier());
    }
  }

  private static Event awaitEvent(BlockingQueue<Event> events, Predicate<Event> wanted)
      throws InterruptedException {
    while (true) {
      Event event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("an event in time").isNotNull();
      if (wanted.test(event)) {
        return event;
      }
    }
  }
}
