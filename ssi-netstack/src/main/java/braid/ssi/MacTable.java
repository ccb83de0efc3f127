package braid.ssi;

import braid.port.Clock;
import braid.port.Counter;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which address is behind which end of a switch, per VLAN.
///
/// **Given** addresses belong to a guarded end, in every VLAN that it carries, until it goes.
/// **Learned** ones live in a Caffeine cache: bounded, and forgotten an age after the last frame
/// from them. When it is full, those used least often give way (TinyLFU), so a flood of invented
/// addresses displaces itself, not the stations that speak all the time. Only addresses behind ends
/// are learned. What is not in the table is behind the uplink, so a network of any size costs
/// nothing.
///
/// **Cost per frame.** Caffeine would box a key and record each access. In front of it stands a
/// small two-way cache of plain arrays with the answers last given, "nobody knows it" among them
/// (that is what every address of the network out there is): a look-up is a multiplication and a
/// compare or two. An answer that was displaced is asked for again with a key that is reused. A
/// learned entry is renewed in Caffeine once in [#REFRESH_NANOS], however many frames come; so it
/// is forgotten up to that much too early. In the steady state nothing is allocated.
///
/// **Thread**: the worker's; Caffeine's upkeep too runs on it, inside the call that caused it.
final class MacTable {
  /// An address and where it is. One object for as long as it is known.
  static final class Entry {
    private final Key id;
    private SwitchEnd end;
    private long seenAt;
    private final boolean given;

    private Entry(long key, SwitchEnd end, long seenAt, boolean given) {
      this.id = new Key(key);
      this.end = end;
      this.seenAt = seenAt;
      this.given = given;
    }

    /// Where it is.
    SwitchEnd end() {
      return end;
    }

    /// It was given, not learned.
    boolean given() {
      return given;
    }
  }

  /// VLAN and address, or an address alone; the one used to ask is reused.
  private static final class Key {
    private long value;

    private Key(long value) {
      this.value = value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key key && key.value == value;
    }

    @Override
    public int hashCode() {
      return (int) (spread(value) >>> 32);
    }
  }

  /// How often an entry in use is renewed. Caffeine ignores writes within a second of the last.
  static final long REFRESH_NANOS = 2_000_000_000;

  private static final int SETS = 1024;
  private static final int SHIFT = Long.SIZE - 10;
  private static final long NO_KEY = -1;

  private final long ageNanos;
  private final Cache<Key, Entry> learned;
  private final Map<Key, Entry> given = new HashMap<>();
  private final Map<Key, int[]> known = new HashMap<>();
  private final Key asked = new Key(0);
  private final long[] frontKeys = new long[2 * SETS];
  private final @Nullable Entry[] front = new Entry[2 * SETS];
  private final Counter learnings;
  private final Counter moves;
  private final Counter forgotten;
  private long cleanAt;

  MacTable(SwitchConfig config, Clock clock, Counter learnings, Counter moves, Counter forgotten) {
    this.ageNanos = config.ageNanos();
    this.learnings = learnings;
    this.moves = moves;
    this.forgotten = forgotten;
    this.learned =
        Caffeine.newBuilder()
            .maximumSize(config.addresses())
            .expireAfterWrite(Duration.ofNanos(ageNanos))
            .ticker(clock::nanos)
            .executor(Runnable::run)
            .evictionListener(
                (@Nullable Key key, @Nullable Entry entry, RemovalCause cause) -> gone(entry))
            .build();
    Arrays.fill(frontKeys, NO_KEY);
  }

  /// Who has `mac` in VLAN `vlan`, null when nobody is known to.
  @Nullable Entry find(int vlan, long mac, long now) {
    long key = key(vlan, mac);
    int at = slot(key);
    Entry entry;
    if (frontKeys[at] == key) {
      entry = front[at];
    } else if (frontKeys[at + 1] == key) {
      entry = front[at + 1];
      swap(at);
    } else {
      entry = load(vlan, mac, key);
      toFront(at, key, entry);
    }
    return entry == null || entry.given || now - entry.seenAt < ageNanos ? entry : null;
  }

  private @Nullable Entry load(int vlan, long mac, long key) {
    Entry entry = given(mac);
    if (entry != null && entry.end.carries(vlan)) {
      return entry;
    }
    asked.value = key;
    return learned.getIfPresent(asked);
  }

  /// The entry of an address that was given, in any VLAN.
  @Nullable Entry given(long mac) {
    if (given.isEmpty()) {
      return null;
    }
    asked.value = mac;
    return given.get(asked);
  }

  /// A frame from `mac` came in by `end`.
  ///
  /// @param entry what [#find] says of it; not a given one
  void seen(@Nullable Entry entry, int vlan, long mac, SwitchEnd end, long now) {
    if (entry == null) {
      learn(new Entry(key(vlan, mac), end, now, false), mac);
    } else if (entry.end != end) {
      moves.add(1);
      entry.end = end;
      renew(entry, now);
    } else if (now - entry.seenAt >= REFRESH_NANOS) {
      renew(entry, now);
    }
  }

  private void learn(Entry fresh, long mac) {
    long key = fresh.id.value;
    learnings.add(1);
    known(mac, 1);
    toFront(slot(key), key, fresh);
    // Last, since a full cache may refuse the newcomer, which ends in gone(). A predecessor that
    // is too old, and was not yet let go of, does so as well.
    learned.asMap().compute(fresh.id, (_, _) -> fresh);
  }

  private void renew(Entry entry, long now) {
    entry.seenAt = now;
    learned.put(entry.id, entry);
  }

  /// A frame from the address came from the uplink: it is no longer behind an end.
  void left(Entry entry) {
    moves.add(1);
    forget(entry);
  }

  private void forget(Entry entry) {
    if (learned.asMap().remove(entry.id) != null) {
      gone(entry);
    }
  }

  /// Caffeine let go of it, or is told to.
  private void gone(@Nullable Entry entry) {
    if (entry != null) {
      forgotten.add(1);
      known(mac(entry.id.value), -1);
      dropFront(entry.id.value);
    }
  }

  /// Gives `mac` to `end`.
  void give(long mac, SwitchEnd end) {
    Entry entry = new Entry(mac, end, 0, true);
    given.put(entry.id, entry);
    known(mac, 1);
    // It may have been learned elsewhere.
    learned.asMap().values().stream()
        .filter(e -> mac(e.id.value) == mac)
        .toList()
        .forEach(this::forget);
    Arrays.fill(frontKeys, NO_KEY);
  }

  /// Forgets all that is behind `end`.
  void forget(SwitchEnd end) {
    learned.asMap().values().stream().filter(e -> e.end == end).toList().forEach(this::forget);
    for (Entry entry : given.values().stream().filter(e -> e.end == end).toList()) {
      given.remove(entry.id);
      known(entry.id.value, -1);
    }
    Arrays.fill(frontKeys, NO_KEY);
  }

  /// Lets go of what is too old, at most once in a while.
  void clean(long now) {
    if (now >= cleanAt) {
      cleanAt = now + REFRESH_NANOS;
      learned.cleanUp();
    }
  }

  /// `mac` is behind an end, in whatever VLAN.
  boolean knows(long mac) {
    asked.value = mac;
    return known.containsKey(asked);
  }

  /// How many addresses were learned and not forgotten.
  long size() {
    return learned.estimatedSize();
  }

  private void known(long mac, int by) {
    asked.value = mac;
    int[] count = known.get(asked);
    if (count == null) {
      known.put(new Key(mac), new int[] {by});
    } else {
      count[0] += by;
      if (count[0] == 0) {
        known.remove(asked);
      }
    }
  }

  // The front

  private void toFront(int at, long key, @Nullable Entry entry) {
    if (frontKeys[at] != key && frontKeys[at + 1] != key) {
      frontKeys[at + 1] = frontKeys[at];
      front[at + 1] = front[at];
    } else if (frontKeys[at + 1] == key) {
      swap(at);
    }
    frontKeys[at] = key;
    front[at] = entry;
  }

  private void swap(int at) {
    long key = frontKeys[at];
    Entry entry = front[at];
    frontKeys[at] = frontKeys[at + 1];
    front[at] = front[at + 1];
    frontKeys[at + 1] = key;
    front[at + 1] = entry;
  }

  private void dropFront(long key) {
    int at = slot(key);
    for (int i = at; i <= at + 1; i++) {
      if (frontKeys[i] == key) {
        frontKeys[i] = NO_KEY;
        front[i] = null;
      }
    }
  }

  private static int slot(long key) {
    return (int) (spread(key) >>> SHIFT) << 1;
  }

  private static long spread(long key) {
    return key * 0x9e37_79b9_7f4a_7c15L;
  }

  private static long key(int vlan, long mac) {
    return (long) vlan << 48 | mac;
  }

  private static long mac(long key) {
    return key & Wire.BROADCAST;
  }
}
