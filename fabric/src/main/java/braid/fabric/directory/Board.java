package braid.fabric.directory;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/// Where the newest map hangs: read by any thread, written by the directory's own, which also calls
/// the watchers.
final class Board {
  private static final System.Logger LOG = System.getLogger(Board.class.getName());

  private final Executor thread;
  private final List<Consumer<NicMap>> watchers = new CopyOnWriteArrayList<>();
  private volatile NicMap map = NicMap.EMPTY;

  /// An empty board.
  ///
  /// @param thread the directory's own
  Board(Executor thread) {
    this.thread = thread;
  }

  /// The newest map; any thread.
  NicMap map() {
    return map;
  }

  /// A newer map, or the same; the directory's thread.
  void show(NicMap newer) {
    if (newer.version() > map.version()) {
      map = newer;
      watchers.forEach(watcher -> call(watcher, newer));
    }
  }

  /// Any thread.
  Directory.Watch watch(Consumer<NicMap> watcher) {
    watchers.add(watcher);
    thread.execute(
        () -> {
          if (watchers.contains(watcher)) {
            call(watcher, map);
          }
        });
    return () -> watchers.remove(watcher);
  }

  private static void call(Consumer<NicMap> watcher, NicMap map) {
    try {
      watcher.accept(map);
    } catch (RuntimeException e) {
      // A watcher's fault must not keep the others, and the directory, from the news.
      LOG.log(System.Logger.Level.WARNING, "a watcher of the NIC map failed", e);
    }
  }
}
