package braid.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/// Where something listens, as it was configured. Kept as text: names are resolved when they are
/// used, not when a file is checked.
///
/// @param host name or address, without brackets; empty for every address
/// @param port 0 to 65535; 0 lets the kernel choose
record HostPort(String host, int port) {

  /// Reads `HOST:PORT`, `[V6]:PORT` or `:PORT`.
  static Optional<HostPort> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0 || !text.substring(colon + 1).matches("[0-9]{1,5}")) {
      return Optional.empty();
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    host = bracketed ? host.substring(1, host.length() - 1) : host;
    boolean valid = bracketed ? isV6(host) : host.matches("[A-Za-z0-9._-]*");
    return valid && port <= 0xffff ? Optional.of(new HostPort(host, port)) : Optional.empty();
  }

  private static boolean isV6(String host) {
    try {
      InetAddress.ofLiteral(host);
      return host.indexOf(':') >= 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// The address to bind or to connect to; a name is looked up now.
  InetSocketAddress resolve() {
    return host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
