package braid.tck.sim;

import braid.fabric.FabricEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Everything there is in one run: nodes, their NICs, the networks, the guests.
final class World {
  private static final int STORY_MAX = 60;
  private static final long GUEST_MAC = 0x0200_0000_a001L;

  private final Plan plan;
  private final RandomGenerator random;
  private final Timeline time = new Timeline();
  private final Network network;
  private final Lan lan;
  private final Book book = new Book();
  private final List<Nic> nics = new ArrayList<>();
  private final List<Vm> guests = new ArrayList<>();
  private final List<NodeProcess> processes = new ArrayList<>();
  private final Peer peer;
  private final Deque<String> story = new ArrayDeque<>();

  World(Plan plan, RandomGenerator random) {
    this.plan = plan;
    this.random = random;
    this.network = new Network(time, random);
    this.lan = new Lan(time, random);
    for (int i = 0; i < Plan.NODES; i++) {
      nics.add(new Nic(Plan.nic(i), i, time, lan));
    }
    for (int i = 0; i < plan.guests(); i++) {
      Account account = book.open(new Account(i, time, plan, Plan.NODES));
      guests.add(new Vm("vm" + i, GUEST_MAC + i, account, Plan.STREAM_IN + i, time, random, plan));
    }
    this.peer = new Peer(time, random, lan, guests, plan.vlan());
    for (int i = 0; i < Plan.NODES; i++) {
      processes.add(new NodeProcess(this, i));
    }
  }

  Plan plan() {
    return plan;
  }

  RandomGenerator random() {
    return random;
  }

  Timeline time() {
    return time;
  }

  Network network() {
    return network;
  }

  Book book() {
    return book;
  }

  Peer peer() {
    return peer;
  }

  Nic nic(int index) {
    return nics.get(index);
  }

  List<Vm> guests() {
    return guests;
  }

  NodeProcess process(int index) {
    return processes.get(index);
  }

  /// The guest of a node, null for none.
  @Nullable Vm guestOf(int node) {
    return node < guests.size() ? guests.get(node) : null;
  }

  /// The NICs of a guest's bond: all of them for the first; its node's own and node a's for others.
  List<Nic> nicsOf(Vm guest) {
    int node = guests.indexOf(guest);
    return node == 0 ? nics : List.of(nics.get(node), nics.get(0));
  }

  /// A node's process stands still.
  boolean somebodyPaused() {
    return processes.stream().anyMatch(process -> process.host().paused());
  }

  /// Begins the process of a node anew, after it was killed.
  void restart(int node) {
    processes.set(node, new NodeProcess(this, node));
  }

  /// Writes down what happened, for whoever looks for the cause.
  void tell(String what) {
    if (story.size() == STORY_MAX) {
      story.remove();
    }
    story.add("%10.3f ms  %s".formatted((time.now() - 1_000_000_000L) / 1e6, what));
  }

  void event(FabricEvent event) {
    tell("fabric: %s %s %s: %s".formatted(event.kind(), event.node(), event.nic(), event.detail()));
  }

  String story() {
    return String.join(System.lineSeparator(), story);
  }

  /// Ends all processes in order, and looks that nothing is missing.
  void close() {
    for (NodeProcess process : processes) {
      if (!process.host().dead()) {
        process.clear();
      }
    }
    for (Vm guest : guests) {
      guest.assertBalanced();
    }
  }
}
