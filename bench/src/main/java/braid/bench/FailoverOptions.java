package braid.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Options of `bench failover`.
///
/// @param json       where JSON goes, null for nowhere
/// @param faults     of each kind and contender
/// @param perTurn    faults of each kind before the next contender's turn
/// @param contenders who takes part
record FailoverOptions(
    @Nullable Path json, int faults, int perTurn, List<ContenderKind> contenders) {
  static final String USAGE =
      """
      usage: bench failover [--json FILE] [--faults N] [--turn N] [--contenders LIST]

        The same faults against Braid's bond below the guest, in the guest and below an application
        of DPDK, the kernel's bonding in the guest and DPDK's net_bonding over two Open vSwitch or
        two nodes of Braid, in turns within one run: outages, losses.

        --json FILE        also write the result as JSON
        --faults N         faults of each kind and contender, 1 to 1000 (default 30)
        --turn N           of them before the next one's turn (default 5)
        --contenders LIST  of %s (default all)
      """
          .formatted(
              Arrays.stream(ContenderKind.values())
                  .map(kind -> kind.word)
                  .collect(Collectors.joining(",")));

  static FailoverOptions parse(List<String> args) {
    @Nullable Path json = null;
    int faults = 30;
    int turn = 5;
    List<ContenderKind> contenders = List.of(ContenderKind.values());
    for (int i = 0; i < args.size(); i += 2) {
      String name = args.get(i);
      if (i + 1 == args.size()) {
        throw new IllegalArgumentException(name + " needs a value, or is unknown");
      }
      String value = args.get(i + 1);
      switch (name) {
        case "--json" -> json = Path.of(value);
        case "--faults" -> faults = number(name, value);
        case "--turn" -> turn = number(name, value);
        case "--contenders" -> contenders = contenders(value);
        default -> throw new IllegalArgumentException("unknown option " + name);
      }
    }
    return new FailoverOptions(json, faults, turn, contenders);
  }

  private static List<ContenderKind> contenders(String list) {
    List<ContenderKind> kinds = new ArrayList<>();
    for (String word : list.split(",", -1)) {
      kinds.add(
          Arrays.stream(ContenderKind.values())
              .filter(kind -> kind.word.equals(word))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("no contender '" + word + "'")));
    }
    return List.copyOf(kinds);
  }

  private static int number(String name, String value) {
    if (value.matches("[0-9]{1,4}")) {
      int number = Integer.parseInt(value);
      if (number >= 1 && number <= 1000) {
        return number;
      }
    }
    throw new IllegalArgumentException(name + " is 1 to 1000, not " + value);
  }
}
