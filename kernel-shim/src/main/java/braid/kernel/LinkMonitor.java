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
/// It has a thread of its own, which calls the listener for every interface once at the start and
/// then for each change. If the kernel had to drop reports, everything is asked for again and
/// compared, so that the listener's view is right in the end.
///
/// Months may pass between two reports, and the next one counts by the millisecond. So the thread
/// takes the first reports many times over, until the JVM has compiled what a report goes through,
/// and then it is [Urgency#raise]d.
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

  private static final long PATIENCE_MILLIS = 1_000;

  private final Listener listener;
  private final NetlinkSocket socket = new NetlinkSocket(Sys.RTMGRP_LINK());
  private final EventFd stop = EventFd.create();
  private final Map<Integer, Link> known = new HashMap<>();
  private final Set<Integer> listed = new HashSet<>();
  private final CountDownLatch rehearsed = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean running = true;

  private LinkMonitor(Listener listener) {
    this.listener = listener;
    this.thread = Thread.ofPlatform().daemon().name("link-monitor").unstarted(this::run);
  }

  /// Starts to watch the network namespace of the calling thread; returns when the thread is ready
  /// for reports that count.
  ///
  /// @throws LinuxException when the kernel refuses
  public static LinkMonitor start(Listener listener) {
    LinkMonitor monitor = new LinkMonitor(listener);
    monitor.thread.start();
    monitor.awaitRehearsed();
    return monitor;
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
        Poll.any(-1, Sys.POLLIN(), socket.fd(), stop.fd());
        if (running && !socket.receive(this::message)) {
          list();
        }
      }
    } catch (RuntimeException e) {
      if (running) {
        LOG.log(System.Logger.Level.ERROR, "link events are lost from now on", e);
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
    stop.signal();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    socket.close();
    stop.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
