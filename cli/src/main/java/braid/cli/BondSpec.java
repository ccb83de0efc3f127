package braid.cli;

import braid.ssi.BondConfig;
import java.util.List;
import java.util.Map;

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
      field.required("members", "a0+b/b0");
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
