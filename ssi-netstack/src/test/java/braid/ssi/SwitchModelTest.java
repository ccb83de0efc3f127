package braid.ssi;

import static braid.ssi.SwitchRig.ALL;
import static braid.ssi.SwitchRig.FAR;
import static braid.ssi.SwitchRig.SECOND;
import static braid.ssi.SwitchRig.frame;
import static braid.ssi.SwitchRig.tagged;
import static org.assertj.core.api.Assertions.assertThat;

import braid.port.Port;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The switch beside a model of it in thirty lines of maps and queues: the same random frames, the
/// same random comings and goings, and each end must give the same bytes in the same order. A
/// failure names its seed.
class SwitchModelTest {
  private static final int STEPS = 1500;
  private static final int QUEUE = 16;
  private static final int NETWORK = 0;

  @RegisterExtension final Pools pools = new Pools();

  /// What the model knows of an end; number 0 is the uplink.
  private static final class Place {
    final int number;
    final Port port;
    final EndConfig config;
    final Queue<byte[]> queue = new ArrayDeque<>();

    Place(int number, Port port, EndConfig config) {
      this.number = number;
      this.port = port;
      this.config = config;
    }

    boolean carries(int vlan) {
      return config.trunk() ? config.vlan() == 0 || vlan != 0 : config.vlan() == vlan;
    }

    void gets(byte[] bare, int tci) {
      int vlan = tci & 0xfff;
      boolean plain = config.trunk() ? vlan == config.vlan() && tci >= 0 : true;
      if (queue.size() < QUEUE) {
        queue.add(plain || tci < 0 ? bare : tagged(tci, bare));
      }
    }
  }

  private record Where(Place place, long seen) {}

  private final Map<Integer, Place> places = new HashMap<>();
  private final Map<Long, Where> learned = new HashMap<>();
  private SwitchRig rig = new SwitchRig(pools, SwitchConfig.DEFAULT);
  private Random random = new Random();
  private int next = 1;

  static IntStream seeds() {
    return IntStream.rangeClosed(1, 40);
  }

  private long station() {
    return 0x0200_0000_0100L + random.nextInt(12);
  }

  private void attach() {
    EndConfig config =
        switch (random.nextInt(4)) {
          case 0 -> EndConfig.OPEN;
          case 1 -> EndConfig.guest().vlan(random.nextInt(3));
          case 2 -> EndConfig.OPEN.vlan(random.nextInt(3));
          default -> EndConfig.guest(station()).vlan(random.nextInt(3));
        };
    if (!config.macs().isEmpty() && owner(config.macs().getFirst()) != null) {
      return;
    }
    int number = next++;
    places.put(number, new Place(number, rig.hub.attach("e" + number, config), config));
    config.macs().forEach(mac -> learned.keySet().removeIf(key -> (key & ALL) == mac));
  }

  private Place owner(long mac) {
    return places.values().stream()
        .filter(place -> place.config.macs().contains(mac))
        .findFirst()
        .orElse(null);
  }

  private void detach() {
    Place gone = any();
    if (gone.number != NETWORK) {
      places.remove(gone.number);
      learned.values().removeIf(where -> where.place == gone);
      assertThat(rig.hub.detach("e" + gone.number)).isTrue();
    }
  }

  private Place any() {
    List<Integer> keys = places.keySet().stream().sorted().toList();
    return places.get(keys.get(random.nextInt(keys.size())));
  }

  /// A random frame into a random end; the model and the switch.
  private void send(int number) {
    Place from = any();
    long source = random.nextInt(8) == 0 ? ALL : random.nextInt(8) == 0 ? FAR : station();
    long to = random.nextInt(4) == 0 ? ALL : random.nextInt(4) == 0 ? FAR : station();
    byte[] bare = frame(to, source, number);
    OptionalInt tag =
        random.nextInt(3) == 0 ? OptionalInt.of(random.nextInt(3)) : OptionalInt.empty();
    model(from, to, source, bare, tag);
    rig.send(from.port, tag.isPresent() ? tagged(tag.getAsInt(), bare) : bare);
  }

  private void model(Place from, long to, long source, byte[] bare, OptionalInt tag) {
    EndConfig end = from.config;
    boolean guarded = !end.macs().isEmpty();
    int vlan = tag.orElse(0) == 0 ? end.vlan() : tag.getAsInt();
    Place owner = owner(source);
    if (source == ALL
        || (!end.trunk() && tag.orElse(0) != 0)
        || (guarded && !end.macs().contains(source))) {
      return;
    }
    boolean given = owner != null && owner.carries(vlan);
    if (!guarded && given && from.number != NETWORK) {
      return;
    }
    long key = (long) vlan << 48 | source;
    if (from.number == NETWORK) {
      learned.remove(key);
    } else if (!guarded) {
      learned.put(key, new Where(from, rig.clock.nanos()));
    }
    // Only a tag with nothing but a priority is kept where untagged would do.
    int tci = tag.isPresent() ? (vlan == 0 ? 0x8000_0000 : vlan) : vlan == 0 ? -1 : vlan;
    for (Place each : takers(from, to, vlan)) {
      deliver(each, bare, tag.isPresent(), vlan, tci);
    }
  }

  private static void deliver(Place to, byte[] bare, boolean tagged, int vlan, int tci) {
    if (tagged && vlan == 0 && to.config.trunk()) {
      if (to.queue.size() < QUEUE) {
        to.queue.add(SwitchRig.tagged(0, bare));
      }
    } else {
      to.gets(bare, vlan == 0 ? -1 : tci);
    }
  }

  private List<Place> takers(Place from, long to, int vlan) {
    Place network = places.get(NETWORK);
    List<Place> others =
        places.values().stream()
            .filter(p -> p != from && p.number != NETWORK && p.carries(vlan))
            .toList();
    if (to == ALL) {
      List<Place> all = new ArrayList<>(others);
      if (from != network) {
        all.add(network);
      }
      return all;
    }
    Place owner = owner(to);
    Where where = learned.get((long) vlan << 48 | to);
    Place known =
        owner != null && owner.carries(vlan)
            ? owner
            : where != null && rig.clock.nanos() - where.seen < 300 * SECOND ? where.place : null;
    if (known != null) {
      return known == from ? List.of() : List.of(known);
    }
    return from == network
        ? others.stream().filter(p -> p.config.macs().isEmpty()).toList()
        : List.of(network);
  }

  private void take() {
    Place place = any();
    List<String> expected = place.queue.stream().map(SwitchModelTest::text).toList();
    place.queue.clear();
    assertThat(rig.take(place.port).stream().map(SwitchModelTest::text).toList())
        .as("at %s, %s", place.port.name(), place.config)
        .isEqualTo(expected);
  }

  private static String text(byte[] frame) {
    return HexFormat.of().formatHex(frame, 0, 22);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void theSwitchDoesWhatTheModelDoes(int seed) {
    random = new Random(seed);
    rig = new SwitchRig(pools, SwitchConfig.DEFAULT.queueFrames(QUEUE));
    places.put(NETWORK, new Place(NETWORK, rig.net, EndConfig.OPEN));
    for (int step = 0; step < STEPS; step++) {
      int dice = random.nextInt(100);
      if (dice < 3 && places.size() < 9) {
        attach();
      } else if (dice < 5) {
        detach();
      } else if (dice < 6) {
        rig.clock.advance(random.nextLong(200) * SECOND);
        // Whoever waits too long loses frames: not the model's subject.
        for (Place place : places.values()) {
          place.queue.clear();
        }
        rig.emptyAll();
      } else if (dice < 40) {
        take();
      } else {
        send(step);
      }
    }
    rig.close();
  }
}
