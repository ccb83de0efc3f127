package braid.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How this node talks to others.
///
/// @param listen    where other nodes reach our NICs; null: they do not
/// @param ca        PEM file of the authority whose certificates we believe
/// @param cert      PEM file of this node's certificate
/// @param key       PEM file of its private key
/// @param transport how Netty moves bytes
/// @param window    most frames on the way to another node's NIC and not acknowledged
record FabricSpec(
    @Nullable HostPort listen, Path ca, Path cert, Path key, Transport transport, int window) {
  static final List<String> KEYS = List.of("listen", "ca", "cert", "key", "transport", "window");
  static final int WINDOW_DEFAULT = 256;
  private static final int WINDOW_MAX = 65_536;

  /// Netty's transports.
  enum Transport {
    /// The first that works, in the order of this list.
    AUTO,
    /// Linux io_uring.
    IO_URING,
    /// Linux epoll.
    EPOLL,
    /// Java's own.
    NIO;

    /// As it is written.
    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /// `--fabric [ADDRESS:PORT,]ca=FILE,cert=FILE,key=FILE`.
  static FabricSpec option(String text) {
    return read(OptionText.only("--fabric", text, "listen"));
  }

  static FabricSpec read(Field field) {
    field.only(KEYS);
    return new FabricSpec(
        field.hostPort("listen"),
        Path.of(field.required("ca", "/etc/braid/ca.pem")),
        Path.of(field.required("cert", "/etc/braid/node.pem")),
        Path.of(field.required("key", "/etc/braid/node.key")),
        field.choice("transport", List.of(Transport.values()), Transport::word, Transport.AUTO),
        field.number("window", 16, WINDOW_MAX, WINDOW_DEFAULT));
  }
}
