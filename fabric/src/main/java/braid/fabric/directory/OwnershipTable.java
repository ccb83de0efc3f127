package braid.fabric.directory;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Who may speak for which guest's MAC address: a replicated state machine. The same commands in
/// the same order make the same owners on every node, because nothing enters but the commands: no
/// clock, no membership, no randomness.
///
/// Whether an owner is gone is not something that all nodes see alike, so the table does not decide
/// it. Whoever believes it sends [Command.TakeOver] with the token that it knew: if the owner
/// changed since, or came back and claimed again, the token is another one and nothing happens.
///
/// There is one token for all addresses and it grows with each change of an owner. So an address
/// that nobody owns needs no memory, and a token is never given twice.
///
/// One thread.
public final class OwnershipTable {
  /// Most addresses that are owned at one time.
  public static final int OWNERS_MAX = 65_536;

  /// What can be asked.
  public sealed interface Command {
    /// The address, 48 bits.
    long mac();

    /// To own an address that nobody owns, or the same life of the same node already does. Another
    /// life of the owner gets it with a new token: the old process may still be running somewhere.
    ///
    /// @param mac         the address, 48 bits
    /// @param node        who asks
    /// @param incarnation which life of it
    record Claim(long mac, String node, long incarnation) implements Command {}

    /// To own an address in place of an owner that is believed to be gone.
    ///
    /// @param mac         the address, 48 bits
    /// @param node        who asks
    /// @param incarnation which life of it
    /// @param token       of the owner that is gone
    record TakeOver(long mac, String node, long incarnation, long token) implements Command {}

    /// To own it no longer.
    ///
    /// @param mac   the address, 48 bits
    /// @param node  who owned it
    /// @param token with which it owned it
    record Release(long mac, String node, long token) implements Command {}
  }

  /// What came of it.
  public sealed interface Outcome {
    /// The one who asked owns it now.
    ///
    /// @param ownership with its token
    record Granted(Ownership ownership) implements Outcome {}

    /// Another one owns it.
    ///
    /// @param by who, with its token
    record Held(Ownership by) implements Outcome {}

    /// The one who asked does not own it any more, or never did.
    record Free() implements Outcome {}

    /// [#OWNERS_MAX] addresses are owned.
    record Full() implements Outcome {}
  }

  private record Entry(Ownership ownership, long incarnation) {}

  private final Map<Long, Entry> entries = new TreeMap<>();
  private long lastToken;

  /// A table without owners, whose first token is 1.
  public OwnershipTable() {}

  /// Carries out one command.
  public Outcome apply(Command command) {
    return switch (command) {
      case Command.Claim claim -> claim(claim);
      case Command.TakeOver over -> takeOver(over);
      case Command.Release release -> release(release);
    };
  }

  /// Who owns an address.
  public Optional<Ownership> owner(long mac) {
    Entry entry = entries.get(mac);
    return entry == null ? Optional.empty() : Optional.of(entry.ownership());
  }

  /// All owners, sorted by address; a copy.
  public Collection<Ownership> owners() {
    return entries.values().stream().map(Entry::ownership).toList();
  }

  /// The token given last; 0 before the first.
  public long lastToken() {
    return lastToken;
  }

  /// Writes everything, for [#readFrom].
  public void writeTo(DataOutput out) throws IOException {
    out.writeLong(lastToken);
    out.writeInt(entries.size());
    for (Entry entry : entries.values()) {
      out.writeLong(entry.ownership().mac());
      out.writeUTF(entry.ownership().node());
      out.writeLong(entry.ownership().token());
      out.writeLong(entry.incarnation());
    }
  }

  /// Becomes what [#writeTo] wrote, in place of what it was.
  public void readFrom(DataInput in) throws IOException {
    long token = in.readLong();
    int count = in.readInt();
    if (count < 0 || count > OWNERS_MAX) {
      throw new IOException("a table of " + count + " owners; at most " + OWNERS_MAX);
    }
    Map<Long, Entry> read = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      Ownership ownership = new Ownership(in.readLong(), in.readUTF(), in.readLong());
      read.put(ownership.mac(), new Entry(ownership, in.readLong()));
    }
    entries.clear();
    entries.putAll(read);
    lastToken = token;
  }

  private Outcome claim(Command.Claim claim) {
    Entry entry = entries.get(claim.mac());
    if (entry == null) {
      return entries.size() >= OWNERS_MAX
          ? new Outcome.Full()
          : grant(claim.mac(), claim.node(), claim.incarnation());
    }
    if (!entry.ownership().node().equals(claim.node())) {
      return new Outcome.Held(entry.ownership());
    }
    // The same life asks again because an answer was lost: it must not fence itself.
    return entry.incarnation() == claim.incarnation()
        ? new Outcome.Granted(entry.ownership())
        : grant(claim.mac(), claim.node(), claim.incarnation());
  }

  private Outcome takeOver(Command.TakeOver over) {
    Entry entry = entries.get(over.mac());
    if (entry != null && entry.ownership().token() == over.token()) {
      return grant(over.mac(), over.node(), over.incarnation());
    }
    return claim(new Command.Claim(over.mac(), over.node(), over.incarnation()));
  }

  private Outcome release(Command.Release release) {
    Entry entry = entries.get(release.mac());
    if (entry == null) {
      return new Outcome.Free();
    }
    Ownership ownership = entry.ownership();
    if (ownership.node().equals(release.node()) && ownership.token() == release.token()) {
      entries.remove(release.mac());
      return new Outcome.Free();
    }
    return ownership.node().equals(release.node())
        ? new Outcome.Free()
        : new Outcome.Held(ownership);
  }

  private Outcome grant(long mac, String node, long incarnation) {
    Ownership ownership = new Ownership(mac, node, ++lastToken);
    entries.put(mac, new Entry(ownership, incarnation));
    return new Outcome.Granted(ownership);
  }
}
