package braid.cli;

import braid.cli.control.EventHub;
import braid.cli.control.NodeEvent;
import braid.cli.control.NodeView;
import braid.fabric.FabricEvent;
import braid.fabric.FabricListener;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How the fabric stands with each other node, and what is said about it: a fault that repeats with
/// every new attempt is said once.
///
/// **Thread**: any; [#event] the worker.
final class Peers implements FabricListener {
  /// A session as last heard of.
  private record Known(FabricEvent event, Instant since) {}

  private final EventHub events;
  private final InstantSource date;
  private final Map<String, Known> sessions = new LinkedHashMap<>();

  Peers(EventHub events, InstantSource date) {
    this.events = events;
    this.date = date;
  }

  @Override
  public void event(FabricEvent event) {
    if (event.kind() == FabricEvent.Kind.BLOCKED || event.kind() == FabricEvent.Kind.UNBLOCKED) {
      return; // The counters of the port show it.
    }
    String session = event.node() + " " + event.user() + " " + event.nic();
    Known before;
    synchronized (sessions) {
      before = sessions.get(session);
      if (before != null && same(before.event, event)) {
        return;
      }
      if (ended(event)) {
        sessions.remove(session);
      } else {
        sessions.put(session, new Known(event, date.instant()));
      }
    }
    events.publish(told(event));
  }

  private static boolean same(FabricEvent before, FabricEvent now) {
    return before.kind() == now.kind() && now.kind() != FabricEvent.Kind.CONNECTED;
  }

  /// There will be no more of this session.
  private static boolean ended(FabricEvent event) {
    return event.kind() == FabricEvent.Kind.REPLACED || event.kind() == FabricEvent.Kind.EXPIRED;
  }

  private static NodeEvent told(FabricEvent event) {
    String where = event.nic().isEmpty() ? event.node() : event.node() + "/" + event.nic();
    String user = event.user().isEmpty() ? "-" : event.user();
    String what = Field.word(event.kind()).replace('-', ' ') + ", " + event.detail();
    return switch (event.kind()) {
      case CONNECTED -> new NodeEvent.FabricConnected(where, user);
      case REFUSED, MISBEHAVED -> new NodeEvent.FabricRefused(where, user, what);
      case UNREACHABLE, PEER_CLOSED, LOST, HUNG, BLOCKED, UNBLOCKED, REPLACED, EXPIRED ->
          new NodeEvent.FabricLost(where, user, what);
    };
  }

  /// Each session that is known, for status.
  List<NodeView.Peer> view() {
    List<NodeView.Peer> peers = new ArrayList<>();
    synchronized (sessions) {
      sessions.forEach(
          (session, known) ->
              peers.add(
                  new NodeView.Peer(
                      known.event.node(),
                      known.event.nic() + " (" + known.event.user() + ")",
                      state(known.event.kind()),
                      known.event.kind() == FabricEvent.Kind.CONNECTED ? "" : known.event.detail(),
                      known.since,
                      Map.of())));
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
