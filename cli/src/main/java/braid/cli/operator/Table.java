package braid.cli.operator;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Help.Ansi.IStyle;
import picocli.CommandLine.Help.Ansi.Style;

/// Text in aligned columns, with colours where a terminal shows them.
///
/// Everything is somebody else's text (a peer's reason, a guest's name): control characters, which
/// could drive a terminal, are replaced.
final class Table {
  private static final String GAP = "  ";

  /// What a cell means.
  enum Mood {
    /// Nothing special.
    PLAIN,
    /// As it should be.
    GOOD,
    /// Look at it.
    BAD,
    /// A heading.
    HEAD
  }

  private record Cell(String text, Mood mood) {}

  private final boolean colours;
  private final List<List<Cell>> rows = new ArrayList<>();
  private final List<Boolean> right = new ArrayList<>();

  /// A table with a heading.
  ///
  /// @param headings of the columns; one that starts with `>` is for numbers and stands right
  Table(String... headings) {
    this(Terminal.colours(), headings);
  }

  Table(boolean colours, String... headings) {
    this.colours = colours;
    List<Cell> row = new ArrayList<>();
    for (String heading : headings) {
      right.add(heading.startsWith(">"));
      row.add(new Cell(heading.startsWith(">") ? heading.substring(1) : heading, Mood.HEAD));
    }
    if (row.stream().anyMatch(cell -> !cell.text.isEmpty())) {
      rows.add(row);
    }
  }

  /// Begins a row.
  Table row() {
    rows.add(new ArrayList<>());
    return this;
  }

  /// The row's next cell.
  Table cell(Object text) {
    return cell(text, Mood.PLAIN);
  }

  /// The row's next cell.
  Table cell(Object text, Mood mood) {
    rows.getLast().add(new Cell(clean(String.valueOf(text)), mood));
    return this;
  }

  /// `text` without what a terminal would obey.
  static String clean(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) || isFormat(c) ? '\ufffd' : c));
    return out.toString();
  }

  private static boolean isFormat(int c) {
    return Character.getType(c) == Character.FORMAT;
  }

  @Override
  public String toString() {
    int[] widths = new int[right.size()];
    for (List<Cell> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        widths[i] = Math.max(widths[i], width(row.get(i).text));
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<Cell> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        Cell cell = row.get(i);
        String blank = " ".repeat(widths[i] - width(cell.text));
        String text = coloured(cell);
        line.append(i == 0 ? "" : GAP).append(right.get(i) ? blank + text : text + blank);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  private String coloured(Cell cell) {
    IStyle style =
        switch (cell.mood) {
          case PLAIN -> null;
          case GOOD -> Style.fg_green;
          case BAD -> Style.fg_red;
          case HEAD -> Style.bold;
        };
    return !colours || style == null || cell.text.isEmpty()
        ? cell.text
        : style.on() + cell.text + style.off();
  }
}
