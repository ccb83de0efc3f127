package braid.cli;

import braid.port.LinkState;
import braid.port.Port;
import braid.ssi.EndConfig;
import braid.ssi.Switch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Where things are plugged in: the ends of a switch before a bond or a NIC, and who is to be told
/// of the link behind it. The worker only.
final class Outlet {
  private record Plugged(String name, Consumer<LinkState> told) {}

  private final Switch hub;
  private final List<Plugged> plugged = new ArrayList<>();
  private LinkState link = LinkState.DOWN;

  /// All ends of `hub`.
  Outlet(Switch hub) {
    this.hub = hub;
  }

  /// Makes an end.
  ///
  /// @param name unique in the node
  /// @param told hears of the link: now, and whenever it changes
  Port plug(String name, EndConfig end, Consumer<LinkState> told) {
    Port port = hub.attach(name, end);
    plugged.add(new Plugged(name, told));
    told.accept(link);
    return port;
  }

  /// Takes an end away.
  void unplug(String name) {
    hub.detach(name);
    plugged.removeIf(one -> one.name.equals(name));
  }

  /// The link behind has changed.
  void link(LinkState state) {
    if (!state.equals(link)) {
      link = state;
      hub.carrier(state);
      for (Plugged one : List.copyOf(plugged)) {
        one.told.accept(state);
      }
    }
  }

  /// The link behind.
  LinkState link() {
    return link;
  }

  /// The switch.
  Switch hub() {
    return hub;
  }
}
