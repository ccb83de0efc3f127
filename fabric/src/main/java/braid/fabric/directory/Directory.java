package braid.fabric.directory;

import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Names the nodes, their NICs, and who owns which guest's MAC address. Control plane only: no
/// frame waits for it, and all traffic runs on when it is gone.
///
/// Two kinds of knowledge, kept apart because they need different things:
///
/// | | NICs | ownership |
/// |---|---|---|
/// | who says it | each node of its own | all agree |
/// | without a majority | goes on among those that are there | refused at once, by name |
/// | lost with | its node | never: the token only grows |
///
/// **Threads**: every method may be called from any control thread and none waits for another node
/// or a disk, [#close] excepted. Watchers run on the directory's own thread, one at a time; a
/// watcher that must touch ports posts a command to their worker.
public interface Directory extends AutoCloseable {
  /// A watcher that can be taken away.
  @FunctionalInterface
  interface Watch extends AutoCloseable {
    /// The watcher is called no more, save for a call that has begun.
    @Override
    void close();
  }

  /// Says what this node has: the whole set, in place of the last one.
  ///
  /// Cheap enough for every tick of a worker's statistics: an equal set costs a comparison, a
  /// change of nothing but load is told at most once a second, anything else at once.
  ///
  /// @param nics at most [NicTable#NICS_MAX], all of this node, no two of one name
  /// @throws IllegalArgumentException if they are not
  void publish(Collection<NicRecord> nics);

  /// What this node knows now.
  NicMap map();

  /// Calls `watcher` with the map as it is, soon, and then with each later version; versions that
  /// follow each other closely may be told as one.
  Watch watch(Consumer<NicMap> watcher);

  /// Asks to speak for a guest's MAC address.
  ///
  /// An address that this process has already is granted again with the same token. One whose owner
  /// was not seen for a while is taken over; its token grows.
  ///
  /// @param mac 48 bits
  /// @return the ownership; or fails with [DirectoryException], among them `HELD` (a second guest
  ///     with this address, on another node) and `NO_MAJORITY`
  CompletableFuture<Ownership> claim(long mac);

  /// Gives an address back, so that another node may claim it at once: its guest moved or ended.
  /// Nothing happens when this node does not own it.
  ///
  /// @param mac 48 bits
  /// @return done when others can see it; fails as [#claim] does
  CompletableFuture<Void> release(long mac);

  /// Who owns an address, as far as this node knows now.
  Optional<Ownership> owner(long mac);

  /// Leaves: this node's NICs disappear from the others' maps, its addresses may be claimed. Claims
  /// under way fail with `CLOSED`. Waits for the directory's threads.
  @Override
  void close();
}
