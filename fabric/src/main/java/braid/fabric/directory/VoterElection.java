package braid.fabric.directory;

import org.jgroups.protocols.raft.ELECTION;
import org.jgroups.raft.util.Utils;

/// jgroups-raft's election, held only where it can succeed.
///
/// That of version 1.1.4 counts all members of the view to know whether there is a majority. Where
/// nodes without a vote make up the number, it asks the voters again and again without a pause, and
/// takes a processor and the network for itself; one node alone that has no vote is enough.
final class VoterElection extends ELECTION {
  /// Has the number of the protocol that it stands in for, so that the messages are the same.
  VoterElection() {
    setId(ELECTION_ID);
  }

  @Override
  public synchronized VoterElection startVotingThread() {
    if (votersAreEnough()) {
      super.startVotingThread();
    }
    return this;
  }

  @Override
  protected void runVotingProcess() {
    if (!votersAreEnough()) {
      Thread.currentThread().interrupt(); // how the election is told, on its thread, to end
    }
    super.runVotingProcess();
  }

  private boolean votersAreEnough() {
    return view != null
        && view.getMembers().stream()
                .map(Utils::extractRaftId)
                .filter(raft.members()::contains)
                .distinct()
                .count()
            >= raft.majority();
  }
}
