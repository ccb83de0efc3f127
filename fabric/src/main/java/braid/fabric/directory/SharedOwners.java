package braid.fabric.directory;

import braid.fabric.directory.OwnershipTable.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jgroups.raft.StateMachine;
import org.jspecify.annotations.Nullable;

/// The [OwnershipTable] where Raft applies the log to it, and where other threads read it.
final class SharedOwners implements StateMachine {
  private static final System.Logger LOG = System.getLogger(SharedOwners.class.getName());

  private final OwnershipTable table = new OwnershipTable();
  private final Map<Long, Ownership> ahead = new HashMap<>();
  private final Runnable changed;

  /// An empty table.
  ///
  /// @param changed called on Raft's thread after each change
  SharedOwners(Runnable changed) {
    this.changed = changed;
  }

  @Override
  public byte @Nullable [] apply(byte[] data, int offset, int length, boolean respond) {
    Outcome outcome;
    try {
      OwnershipTable.Command command = OwnershipCodec.command(data, offset, length);
      synchronized (this) {
        outcome = table.apply(command);
        forgetWhatIsKnown();
      }
    } catch (IOException e) {
      // The same on every node that has this version, so it must not stop the log.
      LOG.log(System.Logger.Level.ERROR, "an ownership command cannot be read", e);
      return null;
    }
    changed.run();
    return respond ? OwnershipCodec.encode(outcome) : null;
  }

  @Override
  public void readContentFrom(DataInput in) throws IOException {
    synchronized (this) {
      table.readFrom(in);
      forgetWhatIsKnown();
    }
    changed.run();
  }

  @Override
  public synchronized void writeContentTo(DataOutput out) throws IOException {
    table.writeTo(out);
  }

  synchronized Collection<Ownership> owners() {
    Map<Long, Ownership> all = new HashMap<>();
    table.owners().forEach(ownership -> all.put(ownership.mac(), ownership));
    all.putAll(ahead);
    return all.values();
  }

  synchronized Optional<Ownership> owner(long mac) {
    Ownership ownership = ahead.get(mac);
    return ownership == null ? table.owner(mac) : Optional.of(ownership);
  }

  /// This node was granted an address. It knows so before its own copy of the log does.
  void granted(Ownership ownership) {
    synchronized (this) {
      if (ownership.token() > table.lastToken()) {
        ahead.put(ownership.mac(), ownership);
      }
    }
    changed.run();
  }

  /// Tokens are given in the order of the log, so the last one tells how far the copy is.
  private void forgetWhatIsKnown() {
    ahead.values().removeIf(ownership -> ownership.token() <= table.lastToken());
  }
}
