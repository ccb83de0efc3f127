package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.ifinfomsg;
import braid.kernel.jextract.nlmsghdr;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Tells when network interfaces appear, change or go, as the kernel reports it: a lost carrier is
/// known in well under a millisecond.
///
/// A second carrier that is lost within a second of the first is reported by the kernel when that
/// second is over. For interfaces that matter ([#watch]) the monitor does not wait for that: it
/// looks at their [CarrierCounts] every [#LOOK_MILLIS] ms, and asks the kernel when one has moved.
///
/// It has a thread of its own, which calls the listener for every interface once at the start and
/// then for each change. If the kernel had to drop reports, everything is asked for again and
/// compared, so that the listener's view is right in the end.
///
/// Months may pass between two reports, and the next one counts by the millisecond. So the thread
/// takes the first reports many times over, until the JVM has compiled what a report goes through,
/// and then it is [Urgency#raise]d. Interfaces that matter are told some times over, too, for what
/// the listener does with them runs cold the first time (2 to 4 ms in a node).
public final class LinkMonitor implements AutoCloseable {
  /// Hears of interfaces, on the monitor's thread. It must not wait long.
  @FunctionalInterface
  public interface Listener {
    /// An interface appeared or changed, or is gone.
    ///
    /// @param link    as it is now, or was last
    /// @param present false when it was deleted or left this network namespace
    void link(Link link, boolean present);
  }

  private static final System.Logger LOG = System.getLogger(LinkMonitor.class.getName());

  /// With the few interfaces that there are: what the JVM wants to see before it compiles.
  private static final int REHEARSALS = 500;

  private static final int TELLINGS = 3;
  private static final long PATIENCE_MILLIS = 1_000;

  /// Of what [Poll] says: the second descriptor has something.
  private static final int REPORT = 2;

  /// How late a carrier can be noticed whose report the kernel holds back.
  static final int LOOK_MILLIS = 100;

  /// How late an interface that is watched is looked at, once it has appeared.
  private static final long FOLLOW_NANOS = 1_000_000_000L;

  private final Listener listener;
  private final NetlinkSocket socket;
  private final EventFd wake = EventFd.create();
  private final CarrierCounts counts = new CarrierCounts();
  private final Map<Integer, Link> known = new HashMap<>();
  private final Set<Integer> listed = new HashSet<>();
  private final CountDownLatch rehearsed = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean running = true;
  private volatile Set<String> watched = Set.of();
  private Set<String> followed = Set.of();
  private long followAt = System.nanoTime();

  private LinkMonitor(Listener listener, int groups) {
    this.listener = listener;
    this.socket = new NetlinkSocket(groups);
    this.thread = Thread.ofPlatform().daemon().name("link-monitor").unstarted(this::run);
  }

  /// Starts to watch the network namespace of the calling thread; returns when the thread is ready
  /// for reports that count.
  ///
  /// @throws LinuxException when the kernel refuses
  public static LinkMonitor start(Listener listener) {
    return start(listener, Sys.RTMGRP_LINK());
  }

  /// @param groups what the kernel is to report by itself, RTMGRP_* bits
  static LinkMonitor start(Listener listener, int groups) {
    LinkMonitor monitor = new LinkMonitor(listener, groups);
    monitor.thread.start();
    monitor.awaitRehearsed();
    return monitor;
  }

  /// Changes of these interfaces' carriers are told within [#LOOK_MILLIS] ms even if the kernel
  /// holds back its report; those that are not there yet from a second after they appear. Any
  /// thread.
  ///
  /// @param names all that matter, in place of those of the last call; the listener hears of each
  ///              that is there again
  public void watch(Set<String> names) {
    if (!names.equals(watched)) {
      watched = Set.copyOf(names);
      wake.signal();
    }
  }

  private void awaitRehearsed() {
    try {
      boolean _ = rehearsed.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      // Listening began before this, so nothing is missed in between.
      list();
      if (!socket.receive(this::rehearse)) {
        list();
      }
      boolean _ = Urgency.raise();
      rehearsed.countDown();
      while (running) {
        int ready =
            Poll.any(watched.isEmpty() ? -1 : LOOK_MILLIS, Sys.POLLIN(), wake.fd(), socket.fd());
        wake.drain();
        if ((ready & REPORT) == 0) {
          look();
        } else if (!socket.receive(this::message)) {
          list();
        }
      }
    } catch (RuntimeException e) {
      if (running) {
        LOG.log(System.Logger.Level.ERROR, "link events are lost from now on", e);
      }
    }
  }

  private void look() {
    Set<String> names = watched;
    long now = System.nanoTime();
    boolean others = !names.equals(followed);
    if (others) {
      tellAgain(names);
    }
    if (others || now >= followAt) {
      counts.follow(names);
      followed = names;
      followAt = now + FOLLOW_NANOS;
    }
    counts.look(this::ask);
  }

  private void tellAgain(Set<String> names) {
    for (Link link : known.values()) {
      if (names.contains(link.name())) {
        for (int i = 0; i < TELLINGS; i++) {
          tell(link, true);
        }
      }
    }
  }

  /// Waits for the kernel's configuration lock, which whoever took the carrier away may hold: not
  /// while there are reports to take.
  private void ask(String name) {
    for (Link link : known.values()) {
      if (link.name().equals(name)) {
        socket.send(
            NetlinkMessage.link(Sys.RTM_GETLINK(), 0, link.index()).finish(1), "look at " + name);
      }
    }
  }

  /// Taking a message again changes nothing: the listener hears of differences only.
  private void rehearse(MemorySegment header, MemorySegment body) {
    for (int i = 0; i < REHEARSALS; i++) {
      message(header, body);
    }
  }

  private void list() {
    listed.clear();
    socket.send(
        NetlinkMessage.link(Sys.RTM_GETLINK(), Sys.NLM_F_DUMP(), 0).finish(1), "list interfaces");
  }

  private void message(MemorySegment header, MemorySegment body) {
    int type = nlmsghdr.nlmsg_type(header) & 0xffff;
    if (type == Sys.NLMSG_DONE()) {
      forgetUnlisted();
      return;
    }
    boolean present = type == Sys.RTM_NEWLINK();
    // A bridge reports changes of its members by the same messages with a family of its own.
    if ((present || type == Sys.RTM_DELLINK())
        && body.byteSize() >= ifinfomsg.sizeof()
        && ifinfomsg.ifi_family(body) == 0) {
      Link link = NetlinkMessage.parseLink(body);
      if (present) {
        listed.add(link.index());
        if (!link.equals(known.put(link.index(), link))) {
          tell(link, true);
        }
      } else if (known.remove(link.index()) != null) {
        tell(link, false);
      }
    }
  }

  private void forgetUnlisted() {
    for (Link link : List.copyOf(known.values())) {
      if (!listed.contains(link.index())) {
        known.remove(link.index());
        tell(link, false);
      }
    }
  }

  private void tell(Link link, boolean present) {
    try {
      listener.link(link, present);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "listener failed for " + link, e);
    }
  }

  /// Stops, and waits for the thread. Not from the listener.
  @Override
  public void close() {
    running = false;
    wake.signal();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    socket.close();
    wake.close();
    counts.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
