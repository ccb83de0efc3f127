package braid.ssi;

import java.util.List;

/// How a bond behaves; each part validated whole. Durations are in nanoseconds.
///
/// Start from [#DEFAULT] and change what differs: `DEFAULT.withMode(FLOWLET).withLag(true)`.
///
/// @param mode     how the members are used; active-backup unless said otherwise
/// @param choice   which member is the active one
/// @param balance  how frames are spread in the modes that spread them
/// @param lacp     mode 802.3ad: how it is spoken; Linux's defaults
/// @param health   when a member is fit for use
/// @param announce what the network is told after a change
public record BondConfig(
    BondMode mode,
    Choice choice,
    Balance balance,
    LacpConfig lacp,
    Health health,
    Announce announce) {
  private static final long MS = 1_000_000;

  /// Mode active-backup and the default of each part.
  public static final BondConfig DEFAULT =
      new BondConfig(
          BondMode.ACTIVE_BACKUP,
          Choice.DEFAULT,
          Balance.DEFAULT,
          LacpConfig.DEFAULT,
          Health.DEFAULT,
          Announce.DEFAULT);

  /// Which member is the active one; in the modes that spread frames, the one on which
  /// group-addressed frames go out and come in.
  ///
  /// @param primary  name of the member of highest rank, empty for none (the default)
  /// @param reselect when to go back to a member of higher rank; default always
  public record Choice(String primary, Reselect reselect) {
    /// No primary, reselect always.
    public static final Choice DEFAULT = new Choice("", Reselect.ALWAYS);
  }

  /// How frames are spread.
  ///
  /// @param hashPolicy      balance-xor and 802.3ad: what is hashed; default layer3+4
  /// @param framesPerMember balance-rr: frames in a row on one member, 1 to 65535, 0 for a member
  ///                        at random each time; default 1
  /// @param flowletGapNanos balance-tlb and flowlet: a flow silent for longer may change its
  ///                        member. Must exceed the difference in delay between two paths, queues
  ///                        included; 10 µs to 10 s, default 50 ms
  /// @param localFirst      flowlet: members of distance 0 take new flows until they are full;
  ///                        default true
  /// @param localFull       flowlet: percent of its speed from which on a local member is full,
  ///                        1 to 100, default 80. It is full, too, when it has a bulk flow already
  ///                        (two would share it while other members idle) or no room
  /// @param lag             the switch treats the members as one aggregated link, so frames of any
  ///                        kind are taken from each; default false: group-addressed frames are
  ///                        taken from the active member alone, others only when their
  ///                        destination is local. 802.3ad implies it
  public record Balance(
      HashPolicy hashPolicy,
      int framesPerMember,
      long flowletGapNanos,
      boolean localFirst,
      int localFull,
      boolean lag) {
    /// layer3+4, 1 frame, 50 ms, local first up to 80 percent, no LAG.
    public static final Balance DEFAULT =
        new Balance(HashPolicy.LAYER3_4, 1, 50 * MS, true, 80, false);

    /// Checks the ranges.
    public Balance {
      Range.check("frames-per-member", framesPerMember, 0, 65_535);
      Range.check("flowlet-gap", flowletGapNanos, MS / 100, 10_000 * MS);
      Range.check("local-full", localFull, 1, 100);
    }
  }

  /// When a member is fit for use.
  ///
  /// @param monitors     checks on each member; the carrier always is one, named or not. At least
  ///                     one must be named; one continuity check and one target at most. Default:
  ///                     continuity check every 10 ms
  /// @param holdNanos    how long a member must be healthy without a gap after a failure, or when
  ///                     it joins others that are up, 0 to 1 h, default 500 ms
  /// @param holdMaxNanos the most that flapping makes of it, up to 1 h, default 30 s
  /// @param flapNanos    failing this soon after coming up is flapping and doubles the hold; 0 to
  ///                     1 h, default 5 s
  public record Health(List<Monitor> monitors, long holdNanos, long holdMaxNanos, long flapNanos) {
    /// Continuity check, 500 ms, 30 s, 5 s.
    public static final Health DEFAULT =
        new Health(List.of(Continuity.GUEST), 500 * MS, 30_000 * MS, 5_000 * MS);

    /// Checks the ranges and copies the list.
    public Health {
      monitors = List.copyOf(monitors);
      Range.check("hold", holdNanos, 0, 3_600_000 * MS);
      Range.check("hold-max", holdMaxNanos, holdNanos, 3_600_000 * MS);
      Range.check("flap", flapNanos, 0, 3_600_000 * MS);
      if (monitors.isEmpty()) {
        throw new IllegalArgumentException(
            "monitors names none: choose of carrier, continuity check, ARP target, NS target");
      }
      long continuity = monitors.stream().filter(Continuity.class::isInstance).count();
      long carrier = monitors.stream().filter(Carrier.class::isInstance).count();
      if (continuity > 1 || monitors.size() - continuity - carrier > 1) {
        throw new IllegalArgumentException(
            "monitors holds one continuity check and one target at most, not " + monitors);
      }
    }
  }

  /// What the network is told after a change of the active member.
  ///
  /// @param count         how often addresses are announced, 0 to 10, default 3
  /// @param intervalNanos between two announcements, 1 ms to 10 s, default 100 ms; the first goes
  ///                      at once
  /// @param graceNanos    how long after a change unicast frames for a local address are still
  ///                      taken from members not in use, 0 to 60 s, default 1 s
  public record Announce(int count, long intervalNanos, long graceNanos) {
    /// 3 times, 100 ms, 1 s.
    public static final Announce DEFAULT = new Announce(3, 100 * MS, 1_000 * MS);

    /// Checks the ranges.
    public Announce {
      Range.check("announce-count", count, 0, 10);
      Range.check("announce-interval", intervalNanos, MS, 10_000 * MS);
      Range.check("grace", graceNanos, 0, 60_000 * MS);
    }
  }

  /// The same in another mode.
  public BondConfig withMode(BondMode other) {
    return new BondConfig(other, choice, balance, lacp, health, announce);
  }

  private BondConfig with(Choice other) {
    return new BondConfig(mode, other, balance, lacp, health, announce);
  }

  private BondConfig with(Balance other) {
    return new BondConfig(mode, choice, other, lacp, health, announce);
  }

  private BondConfig with(Health other) {
    return new BondConfig(mode, choice, balance, lacp, other, announce);
  }

  private BondConfig with(Announce other) {
    return new BondConfig(mode, choice, balance, lacp, health, other);
  }

  /// The same with another [Choice#primary].
  public BondConfig withPrimary(String name) {
    return with(new Choice(name, choice.reselect));
  }

  /// The same with another [Choice#reselect].
  public BondConfig withReselect(Reselect policy) {
    return with(new Choice(choice.primary, policy));
  }

  /// The same with another [Balance#hashPolicy].
  public BondConfig withHashPolicy(HashPolicy policy) {
    return with(
        new Balance(
            policy,
            balance.framesPerMember,
            balance.flowletGapNanos,
            balance.localFirst,
            balance.localFull,
            balance.lag));
  }

  /// The same with another [Balance#framesPerMember].
  public BondConfig withFramesPerMember(int frames) {
    return with(
        new Balance(
            balance.hashPolicy,
            frames,
            balance.flowletGapNanos,
            balance.localFirst,
            balance.localFull,
            balance.lag));
  }

  /// The same with another [Balance#flowletGapNanos].
  public BondConfig withFlowletGap(long nanos) {
    return with(
        new Balance(
            balance.hashPolicy,
            balance.framesPerMember,
            nanos,
            balance.localFirst,
            balance.localFull,
            balance.lag));
  }

  /// The same with another [Balance#localFirst] and [Balance#localFull].
  public BondConfig withLocalFirst(boolean on, int fullPercent) {
    return with(
        new Balance(
            balance.hashPolicy,
            balance.framesPerMember,
            balance.flowletGapNanos,
            on,
            fullPercent,
            balance.lag));
  }

  /// The same with another [Balance#lag].
  public BondConfig withLag(boolean on) {
    return with(
        new Balance(
            balance.hashPolicy,
            balance.framesPerMember,
            balance.flowletGapNanos,
            balance.localFirst,
            balance.localFull,
            on));
  }

  /// The same with other LACP settings.
  public BondConfig withLacp(LacpConfig other) {
    return new BondConfig(mode, choice, balance, other, health, announce);
  }

  /// The same with other [Health#monitors].
  public BondConfig withMonitors(Monitor... monitors) {
    return withMonitors(List.of(monitors));
  }

  /// The same with other [Health#monitors].
  public BondConfig withMonitors(List<Monitor> monitors) {
    return with(new Health(monitors, health.holdNanos, health.holdMaxNanos, health.flapNanos));
  }

  /// The same with other hold times ([Health]).
  public BondConfig withHold(long base, long max, long flap) {
    return with(new Health(health.monitors, base, max, flap));
  }

  /// The same with another number of announcements and time between them ([Announce]).
  public BondConfig withAnnouncements(int count, long intervalNanos) {
    return with(new Announce(count, intervalNanos, announce.graceNanos));
  }

  /// The same with another [Announce#graceNanos].
  public BondConfig withGrace(long nanos) {
    return with(new Announce(announce.count, announce.intervalNanos, nanos));
  }
}
