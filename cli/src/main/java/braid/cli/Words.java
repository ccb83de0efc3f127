package braid.cli;

import java.util.List;
import java.util.Locale;

/// What a message says to somebody who mistyped a word.
final class Words {
  /// Words that differ in more letters than this are not taken for the same.
  private static final int MISTYPED_MAX = 3;

  private Words() {}

  /// The remedy for an unknown word: the nearest known one and the whole list.
  static String didYouMean(String word, List<String> known) {
    String best = "";
    int bestDistance = MISTYPED_MAX + 1;
    for (String candidate : known) {
      int distance = distance(word.toLowerCase(Locale.ROOT), candidate);
      if (distance < bestDistance && distance < candidate.length()) {
        bestDistance = distance;
        best = candidate;
      }
    }
    String list = "Known: " + String.join(", ", known);
    return best.isEmpty() ? list : "Did you mean '" + best + "'? " + list;
  }

  /// Letters to change, add, remove or exchange with their neighbour between two words (optimal
  /// string alignment).
  static int distance(String a, String b) {
    int[][] table = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        table[i][j] = i == 0 || j == 0 ? i + j : step(table, a, b, i, j);
      }
    }
    return table[a.length()][b.length()];
  }

  private static int step(int[][] table, String a, String b, int i, int j) {
    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
    int least =
        Math.min(
            table[i - 1][j - 1] + (same ? 0 : 1), Math.min(table[i - 1][j], table[i][j - 1]) + 1);
    boolean exchanged =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return exchanged ? Math.min(least, table[i - 2][j - 2] + 1) : least;
  }
}
