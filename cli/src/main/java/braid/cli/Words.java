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

  /// Letters to change, add or remove between two words (Levenshtein).
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }
}
