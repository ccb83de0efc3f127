package braid.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What one end of the traffic program's UDP found: what it sent, and what it received of the other
/// end's numbered packets. Losses of a direction are in the report of its receiving end.
///
/// @param sent packets this end sent, numbered from 0
/// @param received different packets of the peer
/// @param lost numbers missing below the highest that came
/// @param duplicated packets that came again
/// @param reordered packets that came after one with a higher number
/// @param highest highest number that came, -1 for none
/// @param maxGapMillis longest time without a packet
/// @param lateSends how often this end could not send at its pace: the machine was busy
/// @param startMillis when the program started, ms since 1970
/// @param missing ranges of numbers that never came
/// @param duplicates single numbers that came more than once
/// @param gaps times without a packet, longer than the limit given at the start
public record UdpReport(
    long sent,
    long received,
    long lost,
    long duplicated,
    long reordered,
    long highest,
    double maxGapMillis,
    long lateSends,
    double startMillis,
    List<Range> missing,
    List<Long> duplicates,
    List<Gap> gaps) {

  /// Numbers from first to last, both included.
  ///
  /// @param first lowest
  /// @param last highest
  public record Range(long first, long last) {
    /// How many of these lie from one number up to, not including, another.
    ///
    /// @param from lowest that counts
    /// @param to first that does not count
    /// @return a count
    public long within(long from, long to) {
      return Math.max(0, Math.min(last + 1, to) - Math.max(first, from));
    }
  }

  /// A time without a packet.
  ///
  /// @param endMillis when it ended, since the program's start
  /// @param millis how long nothing arrived
  /// @param netMillis the same without the sender's own delay, if it sent nothing in between
  /// @param paceMillis how far apart the sender sent the packets before and after it
  /// @param first highest number before it
  /// @param last number after it; smaller if that packet was late
  /// @param lost numbers between these two, which may still come later
  public record Gap(
      double endMillis,
      double millis,
      double netMillis,
      double paceMillis,
      long first,
      long last,
      long lost) {

    /// True if it began with a number from one up to, not including, another, or reached into
    /// them. A late packet may end it: it says nothing of when that was.
    private boolean within(long from, long to) {
      return Math.max(first, last) >= from && first < to;
    }
  }

  /// Reads a report.
  ///
  /// @param lines all that the program said
  /// @return what is in it
  public static UdpReport parse(List<String> lines) {
    List<Range> missing = new ArrayList<>();
    List<Long> duplicates = new ArrayList<>();
    List<Gap> gaps = new ArrayList<>();
    for (String text : lines) {
      ReportLine line = ReportLine.parse(text);
      switch (line.kind()) {
        case "missing" -> missing.add(new Range(line.number("first"), line.number("last")));
        case "duplicate" -> duplicates.add(line.number("number"));
        case "gap" ->
            gaps.add(
                new Gap(
                    line.decimal("t"),
                    line.decimal("ms"),
                    line.decimal("net_ms"),
                    line.decimal("pace_ms"),
                    line.number("first"),
                    line.number("last"),
                    line.number("lost")));
        case "report" -> {
          return new UdpReport(
              line.number("sent"),
              line.number("received"),
              line.number("lost"),
              line.number("duplicated"),
              line.number("reordered"),
              line.number("highest"),
              line.decimal("max_gap_ms"),
              line.number("late_sends"),
              line.number("wall") / 1000.0 - line.decimal("t"),
              List.copyOf(missing),
              List.copyOf(duplicates),
              List.copyOf(gaps));
        }
        default -> {
          // A "now" line, or something the kernel said.
        }
      }
    }
    throw new TestbedException(
        "the traffic program gave no report; it said:\n" + String.join("\n", lines));
  }

  /// Losses among the numbers from one up to, not including, another; what was sent last and never
  /// came counts too.
  ///
  /// @param from lowest number that counts
  /// @param to first number that does not count: at most what the peer sent
  /// @return a count
  public long lostWithin(long from, long to) {
    long tail = new Range(highest + 1, Long.MAX_VALUE - 1).within(from, to);
    return tail + missing.stream().mapToLong(range -> range.within(from, to)).sum();
  }

  /// Numbers that came more than once, from one up to, not including, another.
  ///
  /// @param from lowest number that counts
  /// @param to first number that does not count
  /// @return a count
  public long duplicatedWithin(long from, long to) {
    return duplicates.stream().filter(number -> number >= from && number < to).count();
  }

  /// The longest time without a packet that began with a number in a range, whoever is to blame;
  /// 0 if there was none above the limit.
  ///
  /// @param from lowest number that counts
  /// @param to first number that does not count
  /// @return milliseconds
  public double longestPauseWithin(long from, long to) {
    return gapsWithin(from, to).mapToDouble(Gap::millis).max().orElse(0);
  }

  /// The longest time in which nothing arrived that was sent: the sender's own delay is none, as
  /// far as it sent nothing in between. 0 if there was none above the limit.
  ///
  /// @param from lowest number that counts
  /// @param to first number that does not count
  /// @return milliseconds
  public double longestOutageWithin(long from, long to) {
    return gapsWithin(from, to).mapToDouble(Gap::netMillis).max().orElse(0);
  }

  /// The gaps that began with a number in a range.
  ///
  /// @param from lowest number that counts
  /// @param to first number that does not count
  /// @return those above the limit
  public Stream<Gap> gapsWithin(long from, long to) {
    return gaps.stream().filter(gap -> gap.within(from, to));
  }
}
