package braid.fabric.directory;

import java.net.InetSocketAddress;

/// Where a node listens.
///
/// @param host an IP address or a host name; IPv6 without brackets
/// @param port TCP port, 1 to 65535
public record Endpoint(String host, int port) {
  private static final int HOST_MAX = 253; // RFC 1035, 2.3.4, as text

  /// Checks the ranges.
  public Endpoint {
    if (host.isEmpty() || host.length() > HOST_MAX || host.chars().anyMatch(c -> c <= ' ')) {
      throw new IllegalArgumentException("'" + host + "' is no host name or address");
    }
    if (port < 1 || port > 0xFFFF) {
      throw new IllegalArgumentException("port " + port + " is not in 1 to 65535");
    }
  }

  /// Reads `HOST:PORT` or `[IPV6]:PORT`.
  ///
  /// @throws IllegalArgumentException saying what is wrong, when it is neither
  public static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (colon < 0 || (!bracketed && host.indexOf(':') >= 0)) {
      throw new IllegalArgumentException(
          "'" + text + "' is no address. Write HOST:PORT, or [IPV6]:PORT");
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      return new Endpoint(bracketed ? host.substring(1, host.length() - 1) : host, port);
    } catch (NumberFormatException _) {
      throw new IllegalArgumentException(
          "'" + text.substring(colon + 1) + "' in '" + text + "' is no port number");
    }
  }

  /// The same for a socket; a host name is looked up now, which may block.
  public InetSocketAddress socketAddress() {
    return new InetSocketAddress(host, port);
  }

  /// As [#parse] reads it.
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
