package braid.cli;

import braid.ssi.AdSelect;
import braid.ssi.ArpTarget;
import braid.ssi.BondConfig;
import braid.ssi.BondMode;
import braid.ssi.Carrier;
import braid.ssi.CcmInterval;
import braid.ssi.Continuity;
import braid.ssi.HashPolicy;
import braid.ssi.LacpConfig;
import braid.ssi.LacpRate;
import braid.ssi.Monitor;
import braid.ssi.NsTarget;
import braid.ssi.Reselect;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The keys of a bond that say how it behaves, with their ranges and defaults.
final class BondKeys {
  static final List<String> ALL =
      List.of(
          "members",
          "mode",
          "primary",
          "priorities",
          "reselect",
          "monitors",
          "ccm",
          "arp-target",
          "arp-interval",
          "arp-missed",
          "ns-target",
          "ns-interval",
          "ns-missed",
          "hold",
          "hold-max",
          "flap",
          "announce-count",
          "announce-interval",
          "grace",
          "hash",
          "frames-per-member",
          "flowlet-gap",
          "local-first",
          "local-full",
          "lag",
          "lacp-rate",
          "lacp-active",
          "lacp-system-priority",
          "lacp-key",
          "min-links",
          "ad-select");

  private static final long MS = 1_000_000;
  private static final long HOUR = 3_600_000 * MS;
  private static final String CARRIER = "carrier";
  private static final String CCM = "ccm";
  private static final String ARP = "arp";
  private static final String NS = "ns";
  private static final List<String> MONITORS = List.of(CARRIER, CCM, ARP, NS);
  private static final int MISSED_DEFAULT = 3;
  private static final int MIN_LINKS_MAX = 64;

  /// What a bond below the guest has if nothing else is said: another node is checked 300 times a
  /// second.
  static final CcmInterval CCM_DEFAULT = CcmInterval.MS_3_33;

  /// Keys that mean something in some modes only.
  private static final Map<String, Set<BondMode>> USED_BY =
      Map.ofEntries(
          Map.entry("hash", EnumSet.of(BondMode.BALANCE_XOR, BondMode.LACP)),
          Map.entry("frames-per-member", EnumSet.of(BondMode.BALANCE_RR)),
          Map.entry("flowlet-gap", EnumSet.of(BondMode.BALANCE_TLB, BondMode.FLOWLET)),
          Map.entry("local-first", EnumSet.of(BondMode.FLOWLET)),
          Map.entry("local-full", EnumSet.of(BondMode.FLOWLET)),
          Map.entry("lacp-rate", EnumSet.of(BondMode.LACP)),
          Map.entry("lacp-active", EnumSet.of(BondMode.LACP)),
          Map.entry("lacp-system-priority", EnumSet.of(BondMode.LACP)),
          Map.entry("lacp-key", EnumSet.of(BondMode.LACP)),
          Map.entry("min-links", EnumSet.of(BondMode.LACP)),
          Map.entry("ad-select", EnumSet.of(BondMode.LACP)));

  private final Field field;

  private BondKeys(Field field) {
    this.field = field;
  }

  /// Reads all of them.
  static BondConfig read(Field field) {
    return new BondKeys(field).config();
  }

  private BondConfig config() {
    BondMode mode =
        field.choice("mode", List.of(BondMode.values()), BondMode::text, BondMode.ACTIVE_BACKUP);
    USED_BY.forEach((key, modes) -> onlyIn(key, mode, modes));
    return new BondConfig(mode, choice(), balance(), lacp(), health(), announce());
  }

  private void onlyIn(String key, BondMode mode, Set<BondMode> modes) {
    if (field.has(key) && !modes.contains(mode)) {
      throw field.wrong(
          key,
          "'" + key + "' of " + field.what() + " means nothing in mode " + mode,
          "Remove it, or choose the mode of "
              + String.join(", ", modes.stream().map(BondMode::text).toList()));
    }
  }

  private BondConfig.Choice choice() {
    BondConfig.Choice basis = BondConfig.Choice.DEFAULT;
    return new BondConfig.Choice(
        field.text("primary", basis.primary()),
        field.choice("reselect", Reselect.class, basis.reselect()));
  }

  private BondConfig.Balance balance() {
    BondConfig.Balance basis = BondConfig.Balance.DEFAULT;
    return new BondConfig.Balance(
        field.choice("hash", List.of(HashPolicy.values()), HashPolicy::text, basis.hashPolicy()),
        field.number("frames-per-member", 0, 65_535, basis.framesPerMember()),
        field.duration("flowlet-gap", MS / 100, 10_000 * MS, basis.flowletGapNanos()),
        field.flag("local-first", basis.localFirst()),
        field.number("local-full", 1, 100, basis.localFull()),
        field.flag("lag", basis.lag()));
  }

  private LacpConfig lacp() {
    LacpConfig basis = LacpConfig.DEFAULT;
    return new LacpConfig(
        field.choice("lacp-rate", LacpRate.class, basis.rate()),
        field.flag("lacp-active", basis.active()),
        field.number("min-links", 0, MIN_LINKS_MAX, basis.minLinks()),
        field.choice("ad-select", AdSelect.class, basis.select()),
        field.number("lacp-system-priority", 1, 65_535, basis.systemPriority()),
        field.number("lacp-key", 0, 1023, basis.key()));
  }

  private BondConfig.Health health() {
    BondConfig.Health basis = BondConfig.Health.DEFAULT;
    long hold = field.duration("hold", 0, HOUR, basis.holdNanos());
    long holdMax = field.duration("hold-max", 0, HOUR, Math.max(hold, basis.holdMaxNanos()));
    if (holdMax < hold) {
      throw field.wrong(
          "hold-max",
          "'hold-max' of " + field.what() + " is less than its 'hold'",
          "It is what flapping makes of the hold time at most: raise it or lower 'hold'");
    }
    return new BondConfig.Health(
        monitors(), hold, holdMax, field.duration("flap", 0, HOUR, basis.flapNanos()));
  }

  private BondConfig.Announce announce() {
    BondConfig.Announce basis = BondConfig.Announce.DEFAULT;
    return new BondConfig.Announce(
        field.number("announce-count", 0, 10, basis.count()),
        field.duration("announce-interval", MS, 10_000 * MS, basis.intervalNanos()),
        field.duration("grace", 0, 60_000 * MS, basis.graceNanos()));
  }

  private List<Monitor> monitors() {
    List<String> named = field.items("monitors");
    for (String monitor : named) {
      if (monitor.equals("none")) {
        throw field.wrong(
            "monitors",
            "'monitors' of " + field.what() + " is 'none'",
            "A bond without a check sends into dead paths; leave the key out, or choose of "
                + String.join(", ", MONITORS));
      }
      if (!MONITORS.contains(monitor)) {
        throw field.wrong(
            "monitors",
            "'monitors' of " + field.what() + " has the unknown '" + monitor + "'",
            Words.didYouMean(monitor, MONITORS));
      }
    }
    wanted(named, CCM, CCM, false);
    wanted(named, ARP, "arp-target", true);
    wanted(named, NS, "ns-target", true);
    List<Monitor> monitors = new ArrayList<>();
    if (named.isEmpty() || named.contains(CCM)) {
      monitors.add(Continuity.GUEST.every(ccm()));
    }
    Monitor target = target();
    if (target != null) {
      monitors.add(target);
    }
    return monitors.isEmpty() ? List.of(Carrier.ONLY) : monitors;
  }

  /// A list of monitors and the keys of a monitor must agree.
  private void wanted(List<String> named, String monitor, String key, boolean needed) {
    if (!named.isEmpty() && field.has(key) && !named.contains(monitor)) {
      throw field.wrong(
          key,
          "'"
              + key
              + "' of "
              + field.what()
              + " conflicts with its 'monitors', which lacks "
              + monitor,
          "Add " + monitor + " to 'monitors' or remove '" + key + "'");
    }
    if (needed && named.contains(monitor) && !field.has(key)) {
      throw field.wrong(
          "monitors",
          "'monitors' of " + field.what() + " has " + monitor + ", which lacks '" + key + "'",
          "Add '" + key + "': a host on the LAN such as the gateway");
    }
  }

  private CcmInterval ccm() {
    return field.choice(CCM, List.of(CcmInterval.values()), BondKeys::text, CCM_DEFAULT);
  }

  /// An interval as 802.1ag names it.
  static String text(CcmInterval interval) {
    return switch (interval) {
      case MS_3_33 -> "3.33ms";
      case MS_10 -> "10ms";
      case MS_100 -> "100ms";
      case S_1 -> "1s";
      case S_10 -> "10s";
      case MIN_1 -> "1min";
      case MIN_10 -> "10min";
    };
  }

  private @Nullable Monitor target() {
    String arp = field.text("arp-target");
    String ns = field.text("ns-target");
    if (arp != null && ns != null) {
      throw field.wrong(
          "ns-target",
          field.what() + " has both 'arp-target' and 'ns-target'",
          "Keep one: a bond probes one host");
    }
    onlyWith("arp-interval", "arp-target");
    onlyWith("arp-missed", "arp-target");
    onlyWith("ns-interval", "ns-target");
    onlyWith("ns-missed", "ns-target");
    try {
      if (arp != null) {
        return new ArpTarget(ArpTarget.parse(arp), interval("arp"), missed("arp"));
      }
      if (ns != null) {
        NsTarget host = NsTarget.of(ns);
        return new NsTarget(host.high(), host.low(), interval("ns"), missed("ns"));
      }
      return null;
    } catch (IllegalArgumentException e) {
      String key = arp != null ? "arp-target" : "ns-target";
      throw field.wrong(
          key,
          "'" + key + "' of " + field.what() + ": " + e.getMessage(),
          "Give a host on the LAN such as the gateway");
    }
  }

  private void onlyWith(String key, String other) {
    if (field.has(key) && !field.has(other)) {
      throw field.wrong(
          key,
          "'" + key + "' of " + field.what() + " is given without '" + other + "'",
          "Add '" + other + "' or remove '" + key + "'");
    }
  }

  private long interval(String kind) {
    return field.duration(kind + "-interval", MS, 60_000 * MS, 10 * MS);
  }

  private int missed(String kind) {
    return field.number(kind + "-missed", 1, 100, MISSED_DEFAULT);
  }

  /// The keys and values that give this configuration, as far as they mean something in its mode.
  static Map<String, String> texts(BondConfig config) {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("mode", config.mode().text());
    if (!config.choice().primary().isEmpty()) {
      texts.put("primary", config.choice().primary());
    }
    texts.put("reselect", Field.word(config.choice().reselect()));
    BondConfig.Balance balance = config.balance();
    texts.put("hash", balance.hashPolicy().text());
    texts.put("frames-per-member", Integer.toString(balance.framesPerMember()));
    texts.put("flowlet-gap", Field.span(balance.flowletGapNanos()));
    texts.put("local-first", balance.localFirst() ? "on" : "off");
    texts.put("local-full", Integer.toString(balance.localFull()));
    texts.put("lag", balance.lag() ? "on" : "off");
    LacpConfig lacp = config.lacp();
    texts.put("lacp-rate", Field.word(lacp.rate()));
    texts.put("lacp-active", lacp.active() ? "on" : "off");
    texts.put("lacp-system-priority", Integer.toString(lacp.systemPriority()));
    texts.put("lacp-key", Integer.toString(lacp.key()));
    texts.put("min-links", Integer.toString(lacp.minLinks()));
    texts.put("ad-select", Field.word(lacp.select()));
    monitors(texts, config.health().monitors());
    texts.put("hold", Field.span(config.health().holdNanos()));
    texts.put("hold-max", Field.span(config.health().holdMaxNanos()));
    texts.put("flap", Field.span(config.health().flapNanos()));
    texts.put("announce-count", Integer.toString(config.announce().count()));
    texts.put("announce-interval", Field.span(config.announce().intervalNanos()));
    texts.put("grace", Field.span(config.announce().graceNanos()));
    USED_BY.forEach(
        (key, modes) -> {
          if (!modes.contains(config.mode())) {
            texts.remove(key);
          }
        });
    return texts;
  }

  private static void monitors(Map<String, String> texts, List<Monitor> monitors) {
    List<String> names = new ArrayList<>(List.of(CARRIER));
    for (Monitor monitor : monitors) {
      switch (monitor) {
        case Carrier _ -> {}
        case Continuity continuity -> {
          names.add(CCM);
          texts.put(CCM, text(continuity.interval()));
        }
        case ArpTarget target -> {
          names.add(ARP);
          texts.put("arp-target", v4(target.address()));
          texts.put("arp-interval", Field.span(target.intervalNanos()));
          texts.put("arp-missed", Integer.toString(target.missedMax()));
        }
        case NsTarget target -> {
          names.add(NS);
          texts.put("ns-target", v6(target.high(), target.low()));
          texts.put("ns-interval", Field.span(target.intervalNanos()));
          texts.put("ns-missed", Integer.toString(target.missedMax()));
        }
      }
    }
    texts.put("monitors", String.join("+", names));
  }

  private static String v4(int address) {
    return address(ByteBuffer.allocate(4).putInt(address).array());
  }

  private static String v6(long high, long low) {
    return address(ByteBuffer.allocate(16).putLong(high).putLong(low).array());
  }

  private static String address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes).getHostAddress();
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /// Keys that mean nothing in `mode`.
  static List<String> unusedIn(BondMode mode) {
    return USED_BY.entrySet().stream()
        .filter(entry -> !entry.getValue().contains(mode))
        .map(Map.Entry::getKey)
        .toList();
  }
}
