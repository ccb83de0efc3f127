package braid.cli;

import braid.cli.control.NodeControl;
import braid.cli.control.NodeView;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// Who hears of each new map of NICs. Any thread.
final class MapWatchers {
  private final List<Consumer<NodeView.NicMap>> all = new CopyOnWriteArrayList<>();

  /// Adds one, which hears `now` at once.
  synchronized NodeControl.Watch add(Consumer<NodeView.NicMap> watcher, NodeView.NicMap now) {
    watcher.accept(now);
    all.add(watcher);
    return () -> all.remove(watcher);
  }

  /// There is a new map.
  synchronized void tell(NodeView.NicMap map) {
    all.forEach(watcher -> watcher.accept(map));
  }
}
