package braid.cli;

import braid.cli.control.EventHub;
import braid.cli.control.NodeEvent;
import braid.cli.control.NodeView;
import braid.fabric.FabricEvent;
import braid.fabric.FabricListener;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// How the fabric stands with each other node, and what is said about it: a fault that repeats with
/// every new attempt is said once, a way that fills and empties again and again now and then.
///
/// **Thread**: any; [#event] the worker.
final class Peers implements FabricListener {
  private static final Duration BLOCKED_PAUSE = Duration.ofSeconds(10);

  /// Whoever has no certificate can come under any number of names.
  private static final int SESSIONS_MAX = 1024;

  /// A session as last heard of.
  ///
  /// @param event     the last change of its state
  /// @param since     when that was
  /// @param toldFull  when it was last said that it takes no more
  /// @param full      that was said and not taken back
  private record Known(FabricEvent event, Instant since, Instant toldFull, boolean full) {}

  private final EventHub events;
  private final InstantSource date;
  private final UnaryOperator<String> addressOf;
  private final LinkedHashMap<String, Known> sessions = new LinkedHashMap<>();

  /// @param addressOf where a node is, as far as this one knows
  Peers(EventHub events, InstantSource date, UnaryOperator<String> addressOf) {
    this.events = events;
    this.date = date;
    this.addressOf = addressOf;
  }

  @Override
  public void event(FabricEvent event) {
    boolean said =
        switch (event.kind()) {
          case BLOCKED -> full(event, true);
          case UNBLOCKED -> full(event, false);
          case CONNECTED,
              UNREACHABLE,
              REFUSED,
              PEER_CLOSED,
              LOST,
              HUNG,
              MISBEHAVED,
              REPLACED,
              EXPIRED ->
              changed(event);
        };
    if (said) {
      events.publish(told(event));
    }
  }

  private static String session(FabricEvent event) {
    return event.node() + " " + event.user() + " " + event.nic();
  }

  private boolean changed(FabricEvent event) {
    synchronized (sessions) {
      Known before = sessions.get(session(event));
      boolean again =
          before != null
              && before.event.kind() == event.kind()
              && event.kind() != FabricEvent.Kind.CONNECTED;
      if (again) {
        return false;
      }
      if (ended(event)) {
        sessions.remove(session(event));
      } else {
        sessions.put(session(event), new Known(event, date.instant(), Instant.MIN, false));
        if (sessions.size() > SESSIONS_MAX) {
          sessions.pollFirstEntry();
        }
      }
      return true;
    }
  }

  private boolean full(FabricEvent event, boolean now) {
    synchronized (sessions) {
      Known known = sessions.get(session(event));
      if (known == null || known.full == now) {
        return false;
      }
      Instant time = date.instant();
      if (now && !time.isAfter(known.toldFull.plus(BLOCKED_PAUSE))) {
        return false;
      }
      Instant told = now ? time : known.toldFull;
      sessions.put(session(event), new Known(known.event, known.since, told, now));
      return true;
    }
  }

  /// There will be no more of this session.
  private static boolean ended(FabricEvent event) {
    return event.kind() == FabricEvent.Kind.REPLACED || event.kind() == FabricEvent.Kind.EXPIRED;
  }

  private static String name(FabricEvent event) {
    String nic = event.nic().isEmpty() ? "" : "/" + event.nic();
    return event.node() + nic + (event.user().isEmpty() ? "" : " (" + event.user() + ")");
  }

  private NodeEvent told(FabricEvent event) {
    String who = name(event);
    String where = addressOf.apply(event.node());
    return switch (event.kind()) {
      case CONNECTED -> new NodeEvent.FabricConnected(who, where);
      case BLOCKED -> new NodeEvent.FabricBlocked(who, where, true);
      case UNBLOCKED -> new NodeEvent.FabricBlocked(who, where, false);
      case REFUSED, MISBEHAVED -> new NodeEvent.FabricRefused(who, where, reason(event));
      case UNREACHABLE, PEER_CLOSED, LOST, HUNG, REPLACED, EXPIRED ->
          new NodeEvent.FabricLost(who, where, reason(event));
    };
  }

  private static String reason(FabricEvent event) {
    return Field.word(event.kind()).replace('-', ' ') + ", " + event.detail();
  }

  /// Each session that is known, for status.
  List<NodeView.Peer> view() {
    List<NodeView.Peer> peers = new ArrayList<>();
    synchronized (sessions) {
      for (Known known : sessions.values()) {
        boolean connected = known.event.kind() == FabricEvent.Kind.CONNECTED;
        peers.add(
            new NodeView.Peer(
                name(known.event),
                addressOf.apply(known.event.node()),
                state(known.event.kind()),
                connected ? (known.full ? "it takes no more" : "") : reason(known.event),
                known.since,
                Map.of()));
      }
    }
    return peers;
  }

  private static NodeView.PeerState state(FabricEvent.Kind kind) {
    return switch (kind) {
      case CONNECTED, BLOCKED, UNBLOCKED -> NodeView.PeerState.CONNECTED;
      case UNREACHABLE -> NodeView.PeerState.CONNECTING;
      case REFUSED, MISBEHAVED -> NodeView.PeerState.REFUSED;
      case PEER_CLOSED, LOST, HUNG, REPLACED, EXPIRED -> NodeView.PeerState.LOST;
    };
  }
}
