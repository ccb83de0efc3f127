package braid.fabric.directory;

import braid.fabric.directory.DirectoryException.Reason;
import braid.fabric.directory.OwnershipTable.Command;
import braid.fabric.directory.OwnershipTable.Outcome;
import braid.port.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What this node asks of the cluster's log of ownership, and how long it insists.
///
/// A command may be applied although its answer was lost, and is then sent again: all commands of
/// [OwnershipTable] are made for that. Without a majority nothing is sent: it could be applied much
/// later, when nobody wants it any more.
///
/// The directory's thread.
final class Claims {
  /// Sends a command to the log; fails at once when there is no leader.
  @FunctionalInterface
  interface Log {
    CompletableFuture<byte[]> send(byte[] command) throws Exception;
  }

  private static final Duration RETRY = Duration.ofMillis(50);
  private static final Duration ANSWER = Duration.ofSeconds(1);

  private final String node;
  private final long incarnation;
  private final ClusterTimings timings;
  private final Clock clock;
  private final Lane lane;
  private final Presence presence;
  private final SharedOwners owners;
  private final Log log;
  private final Set<Attempt> attempts = new HashSet<>();
  private @Nullable String noMajority = "no majority: the directory is starting";

  /// Nothing asked yet.
  ///
  /// @param owners told of each grant
  /// @param log    where commands go
  Claims(
      ClusterSettings settings,
      Clock clock,
      Lane lane,
      Presence presence,
      SharedOwners owners,
      Log log) {
    this.owners = owners;
    this.node = settings.node();
    this.incarnation = clock.nanos();
    this.timings = settings.timings();
    this.clock = clock;
    this.lane = lane;
    this.presence = presence;
    this.log = log;
  }

  /// The membership changed.
  ///
  /// @param reason why there is no majority; null when there is one
  void majority(@Nullable String reason) {
    noMajority = reason;
    if (reason != null) {
      List.copyOf(attempts).forEach(attempt -> attempt.fail(Reason.NO_MAJORITY, reason));
    }
  }

  /// Asks for an address.
  void claim(long mac, CompletableFuture<Ownership> result) {
    Attempt attempt =
        new Attempt(
            outcome -> {
              if (outcome instanceof Outcome.Granted(Ownership ownership)) {
                owners.granted(ownership);
                return result.complete(ownership);
              }
              return false;
            },
            result,
            timings.claim().plus(timings.grace()));
    attempt.send(new Command.Claim(mac, node, incarnation));
  }

  /// Gives back an address that this node owns with `token`.
  void release(Ownership owned, CompletableFuture<Long> result) {
    Attempt attempt =
        new Attempt(
            outcome ->
                (outcome instanceof Outcome.Free || outcome instanceof Outcome.Held)
                    && result.complete(owned.mac()),
            result,
            timings.claim());
    attempt.send(new Command.Release(owned.mac(), node, owned.token()));
  }

  /// One command on its way.
  private final class Attempt {
    private final Function<Outcome, Boolean> done;
    private final CompletableFuture<?> result;
    private final long deadline;
    private String obstacle = "no leader is elected";

    Attempt(Function<Outcome, Boolean> done, CompletableFuture<?> result, Duration patience) {
      this.done = done;
      this.result = result;
      this.deadline = clock.nanos() + patience.toNanos();
    }

    void send(Command command) {
      String reason = noMajority;
      if (reason != null) {
        fail(Reason.NO_MAJORITY, reason);
        return;
      }
      if (result.isDone() || clock.nanos() - deadline > 0) {
        fail(
            Reason.NO_MAJORITY,
            "the directory gave no answer in "
                + timings.claim().toSeconds()
                + " s: "
                + obstacle
                + ". It may still be granted: ask again");
        return;
      }
      attempts.add(this);
      try {
        var _ =
            log.send(OwnershipCodec.encode(command))
                .orTimeout(ANSWER.toNanos(), TimeUnit.NANOSECONDS)
                .whenComplete(
                    (answer, failure) -> lane.execute(() -> on(command, answer, failure)));
      } catch (Exception e) {
        again(command, e);
      }
    }

    private void on(Command command, byte @Nullable [] answer, @Nullable Throwable failure) {
      if (result.isDone()) {
        attempts.remove(this);
        return;
      }
      if (answer == null || failure != null) {
        again(command, failure);
        return;
      }
      try {
        judge(OwnershipCodec.outcome(answer));
      } catch (IOException e) {
        fail(Reason.UNUSABLE, "the directory answered " + e.getMessage());
      }
    }

    private void judge(Outcome outcome) {
      if (done.apply(outcome)) {
        attempts.remove(this);
        return;
      }
      switch (outcome) {
        case Outcome.Held(Ownership by) -> held(by);
        case Outcome.Full() ->
            fail(
                Reason.FULL,
                "the directory holds " + OwnershipTable.OWNERS_MAX + " addresses, its limit");
        case Outcome.Granted _, Outcome.Free _ ->
            throw new IllegalStateException("no answer to what was asked: " + outcome);
      }
    }

    /// Another node has it: an error if that node is there; if not, it may come back for a while.
    private void held(Ownership by) {
      if (!presence.majority()) {
        fail(Reason.NO_MAJORITY, String.valueOf(noMajority));
        return;
      }
      if (presence.seen(by.node())) {
        fail(
            Reason.HELD,
            "MAC address "
                + NicJson.mac(by.mac())
                + " belongs to a guest of node "
                + by.node()
                + ". Give one of the two guests another address, or end it");
        return;
      }
      Duration wait = presence.untilGone(by.node(), timings.grace());
      obstacle = "node " + by.node() + " has it and was seen not long ago";
      Command next =
          wait.isPositive()
              ? new Command.Claim(by.mac(), node, incarnation)
              : new Command.TakeOver(by.mac(), node, incarnation, by.token());
      lane.once(
          wait.isPositive() ? min(wait, RETRY.multipliedBy(4)) : Duration.ZERO, () -> send(next));
    }

    private void again(Command command, @Nullable Throwable failure) {
      if (failure != null) {
        obstacle = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      }
      lane.once(RETRY, () -> send(command));
    }

    private void fail(Reason reason, String message) {
      attempts.remove(this);
      result.completeExceptionally(new DirectoryException(reason, message));
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
