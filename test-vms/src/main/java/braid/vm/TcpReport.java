package braid.vm;

import java.util.List;

/// What one end of the traffic program's TCP transfer found.
///
/// @param bytes sent or received
/// @param seconds from the connection to the end
/// @param stallMillis longest time without progress
/// @param sha256 of the bytes, hexadecimal: equal on both ends if all went well
public record TcpReport(long bytes, double seconds, double stallMillis, String sha256) {
  /// Reads a report.
  ///
  /// @param lines all that the program said
  /// @return what is in it
  public static TcpReport parse(List<String> lines) {
    for (String text : lines) {
      ReportLine line = ReportLine.parse(text);
      if (line.kind().equals("tcp")) {
        return new TcpReport(
            line.number("bytes"),
            line.decimal("seconds"),
            line.decimal("stall_ms"),
            line.text("sha256"));
      }
    }
    throw new TestbedException(
        "the transfer gave no report; it said:\n" + String.join("\n", lines));
  }
}
