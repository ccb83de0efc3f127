package braid.fabric.directory;

import braid.fabric.directory.OwnershipTable.Outcome;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.Optional;
import org.jgroups.raft.StateMachine;
import org.jspecify.annotations.Nullable;

/// The [OwnershipTable] where Raft applies the log to it, and where other threads read it.
final class SharedOwners implements StateMachine {
  private static final System.Logger LOG = System.getLogger(SharedOwners.class.getName());

  private final OwnershipTable table = new OwnershipTable();
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
    }
    changed.run();
  }

  @Override
  public synchronized void writeContentTo(DataOutput out) throws IOException {
    table.writeTo(out);
  }

  synchronized Collection<Ownership> owners() {
    return table.owners();
  }

  synchronized Optional<Ownership> owner(long mac) {
    return table.owner(mac);
  }
}
