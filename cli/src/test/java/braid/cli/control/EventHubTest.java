package braid.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.eclipsesource.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventHubTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  private final Instant now = Instant.parse("2026-05-06T07:08:09.123Z");
  private final EventHub hub = new EventHub(InstantSource.fixed(now));

  @AfterEach
  void close() {
    hub.close();
  }

  private static NodeEvent event(int number) {
    return new NodeEvent.GuestAttached("vm" + number);
  }

  @Test
  void eventsComeInOrderWithNumberAndTime() throws InterruptedException {
    try (EventHub.Reader reader = hub.subscribe(0)) {
      for (int i = 0; i < 100; i++) {
        hub.publish(event(i));
      }
      for (int i = 0; i < 100; i++) {
        assertThat(reader.next(SOON)).isEqualTo(new EventHub.Entry(i + 1, now, event(i)));
      }
      assertThat(reader.next(Duration.ZERO)).isNull();
    }
  }

  @Test
  void aLateReaderCanAskForThePast() throws InterruptedException {
    for (int i = 1; i <= 300; i++) {
      hub.publish(event(i));
    }
    await()
        .until(
            () -> {
              try (EventHub.Reader last = hub.subscribe(1)) {
                EventHub.Entry entry = last.next(Duration.ZERO);
                return entry != null && entry.sequence() == 300;
              }
            });
    try (EventHub.Reader reader = hub.subscribe(2);
        EventHub.Reader all = hub.subscribe(EventHub.HISTORY)) {
      assertThat(reader.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo(299L);
      assertThat(reader.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo(300L);
      assertThat(all.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo(45L);
    }
  }

  @Test
  void aSlowReaderIsToldWhatItMissedAndOthersMissNothing() throws InterruptedException {
    int count = 3_000;
    try (EventHub.Reader slow = hub.subscribe(0);
        EventHub.Reader quick = hub.subscribe(0)) {
      for (int i = 1; i <= count; i++) {
        hub.publish(event(i));
        assertThat(quick.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo((long) i);
      }
      long next = 1;
      while (next <= 1_024) {
        assertThat(slow.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo(next++);
      }
      hub.publish(event(count + 1));
      EventHub.Entry lost = slow.next(SOON);
      assertThat(lost).isNotNull();
      assertThat(lost.event()).isEqualTo(new NodeEvent.EventsLost(count - 1_024));
      assertThat(slow.next(SOON)).extracting(EventHub.Entry::sequence).isEqualTo((long) count + 1);
    }
  }

  @Test
  void whatWasPublishedBeforeTheEndIsStillTold() throws InterruptedException {
    try (EventHub.Reader reader = hub.subscribe(0)) {
      for (int i = 0; i < 500; i++) {
        hub.publish(event(i));
      }
      hub.close();
      for (int i = 0; i < 500; i++) {
        assertThat(reader.next(SOON)).isNotNull();
      }
    }
  }

  @Test
  void eachEventHasATextATypeAndItsComponents() {
    List<NodeEvent> events =
        List.of(
            new NodeEvent.MemberChanged("bond0", "a0", "up", "down"),
            new NodeEvent.ActiveChanged("bond0", "a0", "b0", "silence", 3_100, 4, 0),
            new NodeEvent.MemberLeft("bond0", "a0", "carrier", 0, 4, 1),
            new NodeEvent.LinkChanged("a0", "eth0", false, true),
            new NodeEvent.LinkChanged("a0", "eth0", false, false),
            new NodeEvent.FabricConnected("b", "10.0.0.2:7470"),
            new NodeEvent.FabricLost("b", "10.0.0.2:7470", "no sign of life"),
            new NodeEvent.FabricBlocked("b", "10.0.0.2:7470", true),
            new NodeEvent.FabricRefused("", "10.0.0.9:7470", "no certificate"),
            new NodeEvent.DirectoryStale("1 of 3"),
            new NodeEvent.DirectoryFresh(4, List.of("a", "b")),
            new NodeEvent.OwnerChanged("02:00:00:00:00:01", "a", 3),
            new NodeEvent.GuestAttached("vm1"),
            new NodeEvent.GuestDetached("vm1", "hung up"),
            new NodeEvent.GuestRefused("vm1", "its MAC is vm2's"),
            new NodeEvent.NicChanged("a0", NodeEvent.NicChange.DRAINED),
            new NodeEvent.ConfigApplied("f.yaml", List.of("nic a1: added")),
            new NodeEvent.ConfigRefused("f.yaml", "f.yaml:3: unknown key"),
            new NodeEvent.FramesDropped("a0", "tx_drop_full", 12),
            new NodeEvent.Operated("root", "reload {}"),
            new NodeEvent.NodeChanged("a", "ready", ""),
            new NodeEvent.EventsLost(3));
    List<String> types = new ArrayList<>();
    for (NodeEvent event : events) {
      JsonObject json = Protocol.event(new EventHub.Entry(1, now, event));
      types.add(json.getString("type", ""));
      assertThat(json.getString("text", "")).isEqualTo(event.text()).isNotBlank();
      assertThat(json.getString("time", "")).isEqualTo("2026-05-06T07:08:09.123Z");
      assertThat(event.text()).doesNotContain("\n");
    }
    assertThat(types).contains("active-changed", "link-changed", "events-lost", "operated");
    assertThat(events.get(1).text())
        .isEqualTo("bond0: a0 -> b0 (silence, silence 3.1 ms), resent 4, dropped 0");
    assertThat(Protocol.event(new EventHub.Entry(1, now, events.get(1))).getLong("resent", 0))
        .isEqualTo(4);
    assertThat(events.stream().map(Object::getClass).distinct())
        .as("every kind of event is here")
        .hasSize(NodeEvent.class.getPermittedSubclasses().length);
  }

  @Test
  void dropsBecomeEventsWithGrowingPausesWhileTheyGoOn() throws InterruptedException {
    long[] drops = {5};
    DropWatch watch =
        new DropWatch(
            () ->
                List.of(
                    new NodeView.Port(
                        "a0",
                        NodeView.PortKind.NIC,
                        true,
                        0,
                        Map.of("tx_drop_full", drops[0], "tx_frames", drops[0]))),
            hub);
    try (EventHub.Reader reader = hub.subscribe(0)) {
      watch.look();
      assertThat(reader.next(Duration.ofMillis(50))).as("old drops are no news").isNull();
      for (int second = 0; second < 15; second++) {
        drops[0] += 10;
        watch.look();
      }
      // After 1, 2, 4 and 8 seconds; the next would be after 16.
      for (long frames : new long[] {10, 10, 20, 40}) {
        EventHub.Entry entry = reader.next(SOON);
        assertThat(entry).isNotNull();
        assertThat(entry.event())
            .isEqualTo(new NodeEvent.FramesDropped("a0", "tx_drop_full", frames));
      }
      for (int second = 0; second < 100; second++) {
        watch.look();
      }
      drops[0] += 1;
      watch.look();
      for (long frames : new long[] {70, 1}) {
        EventHub.Entry entry = reader.next(SOON);
        assertThat(entry).isNotNull();
        assertThat(entry.event())
            .isEqualTo(new NodeEvent.FramesDropped("a0", "tx_drop_full", frames));
      }
      drops[0] = 0;
      watch.look();
      assertThat(reader.next(Duration.ofMillis(50))).as("a new port counts from 0").isNull();
    }
  }
}
