package braid.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// The valid pairs of one path and frame size, by machine state.
final class PairStatistics {
  /// One pair: ours and the peer's rate in frames per second, measured in the same state.
  ///
  /// @param fork which start of all processes
  /// @param ours frames per second
  /// @param peer frames per second
  record Pair(int fork, double ours, double peer) {
    double ratio() {
      return ours / peer;
    }
  }

  /// What is reported of one state.
  ///
  /// @param state     the state
  /// @param median    median of the ratios
  /// @param min       least ratio
  /// @param max       greatest ratio
  /// @param oursMpps  median rate of ours
  /// @param peerMpps  median rate of the peer
  /// @param pairs     how many pairs
  /// @param forks     from how many forks
  record Row(
      MachineState state,
      double median,
      double min,
      double max,
      double oursMpps,
      double peerMpps,
      int pairs,
      int forks) {}

  private final Map<MachineState, List<Pair>> pairs = new EnumMap<>(MachineState.class);

  void add(MachineState state, Pair pair) {
    pairs.computeIfAbsent(state, s -> new ArrayList<>()).add(pair);
  }

  /// One row per state that has pairs.
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<MachineState, List<Pair>> entry : pairs.entrySet()) {
      List<Pair> list = entry.getValue();
      Set<Integer> forks = new HashSet<>();
      list.forEach(pair -> forks.add(pair.fork()));
      double[] ratios = list.stream().mapToDouble(Pair::ratio).sorted().toArray();
      rows.add(
          new Row(
              entry.getKey(),
              median(ratios),
              ratios[0],
              ratios[ratios.length - 1],
              median(list, Pair::ours) / 1e6,
              median(list, Pair::peer) / 1e6,
              list.size(),
              forks.size()));
    }
    return rows;
  }

  /// The row as JSON fields.
  static Map<String, Object> fields(String path, int size, Row row) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("path", path);
    map.put("size", size);
    map.put("ratio_median", row.median());
    map.put("ratio_min", row.min());
    map.put("ratio_max", row.max());
    map.put("pairs", row.pairs());
    map.put("forks", row.forks());
    map.put("state", row.state().name());
    map.put("ours_mpps", row.oursMpps());
    map.put("peer_mpps", row.peerMpps());
    return map;
  }

  /// The median of what `of` says of each.
  static <T> double median(List<T> list, ToDoubleFunction<T> of) {
    return median(list.stream().mapToDouble(of).toArray());
  }

  /// The middle one of `values`, in whatever order; of an even number the mean of the middle two.
  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
