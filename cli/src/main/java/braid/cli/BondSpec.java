package braid.cli;

import braid.ssi.BondConfig;
import braid.ssi.BondMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A bond below the guests as configured.
///
/// @param name       the node's name for it
/// @param members    its NICs
/// @param priorities member to priority, higher is preferred; 0 for those not named
/// @param settings   how it behaves
record BondSpec(
    String name,
    List<MemberPattern> members,
    Map<String, Integer> priorities,
    BondConfig settings) {
  private static final int PRIORITY_MAX = 1_000_000;

  BondSpec {
    members = List.copyOf(members);
    priorities = Map.copyOf(priorities);
  }

  /// One `--bond NAME=MEMBER[+MEMBER...][,KEY=VALUE...]`.
  static BondSpec option(String text) {
    OptionText option =
        OptionText.named("--bond", "bond", text, "members", "bond0=a0+b/b0,primary=a0");
    return read(option.name(), option.field());
  }

  static BondSpec read(String name, Field field) {
    field.only(BondKeys.ALL);
    List<MemberPattern> members =
        field.items("members").stream().map(text -> MemberPattern.of(text, field)).toList();
    if (members.isEmpty()) {
      throw field.lacks("members", "a0+b/b0");
    }
    Map<String, Integer> priorities = field.numbers("priorities", -PRIORITY_MAX, PRIORITY_MAX);
    for (String member : priorities.keySet()) {
      MemberPattern named = MemberPattern.of(member, field);
      if (named.open() || members.stream().noneMatch(known -> known.covers(named))) {
        throw field.wrong(
            "priorities",
            "'priorities' of " + field.what() + " names '" + member + "', which is no member",
            Words.didYouMean(member, members.stream().map(MemberPattern::toString).toList()));
      }
    }
    BondSpec spec = new BondSpec(field.name(name), members, priorities, BondKeys.read(field));
    spec.checkPrimary(field);
    return spec;
  }

  private void checkPrimary(Field field) {
    String primary = settings.choice().primary();
    if (primary.isEmpty()) {
      return;
    }
    MemberPattern named = MemberPattern.of(primary, field);
    if (named.open() || members.stream().noneMatch(known -> known.covers(named))) {
      throw field.wrong(
          "primary",
          "'primary' of " + field.what() + " is '" + primary + "', which is no member",
          Words.didYouMean(primary, members.stream().map(MemberPattern::toString).toList()));
    }
  }

  /// Its keys and values, as an option or the file would have them.
  Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(
        "members", members.stream().map(MemberPattern::toString).collect(Collectors.joining("+")));
    if (!priorities.isEmpty()) {
      texts.put(
          "priorities",
          priorities.entrySet().stream()
              .sorted(Map.Entry.comparingByKey())
              .map(entry -> entry.getKey() + ":" + entry.getValue())
              .collect(Collectors.joining("+")));
    }
    texts.putAll(BondKeys.texts(settings));
    return texts;
  }

  /// The same with other values for some keys; an empty value takes the key out.
  ///
  /// @throws ConfigException when that cannot be
  BondSpec with(Map<String, String> changes) {
    String where = "bond " + name;
    Map<String, Value> values = new LinkedHashMap<>();
    texts().forEach((key, text) -> values.put(key, new Value.Text(text, where)));
    String mode = changes.get("mode");
    if (mode != null && BondMode.texts().contains(mode)) {
      // What meant something in the old mode only goes with it.
      values.keySet().removeAll(BondKeys.unusedIn(BondMode.of(mode)));
    }
    changes.forEach(
        (key, text) -> {
          if (text.isEmpty()) {
            values.remove(key);
          } else {
            values.put(key, new Value.Text(text, where));
          }
        });
    return read(name, new Field(where, where, values));
  }

  /// The same without a NIC of this node, whether it is named or fits a pattern only.
  BondSpec without(String nic) {
    Map<String, Integer> ranks = new LinkedHashMap<>(priorities);
    ranks.remove(nic);
    return new BondSpec(
        name,
        members.stream().filter(member -> !member.equals(new MemberPattern("", nic))).toList(),
        ranks,
        settings.choice().primary().equals(nic) ? settings.withPrimary("") : settings);
  }

  /// How a member ranks.
  ///
  /// @param member `NIC`, or `NODE/NIC` for another node's
  int priority(String member) {
    return priorities.getOrDefault(member, 0);
  }

  @Override
  public String toString() {
    return "bond " + name;
  }
}
