package braid.cli;

import braid.fabric.FabricSettings;
import braid.fabric.Timing;
import braid.fabric.TransportKind;
import braid.fabric.Window;
import braid.fabric.pki.TlsFiles;
import braid.kernel.KeptConnection;
import braid.kernel.Urgency;
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
/// @param windowKib memory for received frames of a session, KiB: what a slow NIC keeps waiting
record FabricSpec(
    @Nullable HostPort listen,
    Path ca,
    Path cert,
    Path key,
    TransportKind transport,
    int windowKib) {
  static final List<String> KEYS = List.of("listen", "ca", "cert", "key", "transport", "window");
  static final int WINDOW_DEFAULT = Window.DEFAULT.bytes() >> 10;
  private static final int IO_THREADS = 1;
  private static final int SESSIONS_MAX = 64;
  private static final int WINDOW_MIN = 256;
  private static final int WINDOW_MAX = 1 << 20;
  private static final List<String> EVERYWHERE = List.of("", "0.0.0.0", "::");

  /// `--fabric [ADDRESS:PORT,]ca=FILE,cert=FILE,key=FILE`.
  static FabricSpec option(String text) {
    return read(OptionText.only("--fabric", text, "listen"));
  }

  static FabricSpec read(Field field) {
    field.only(KEYS);
    return new FabricSpec(
        listen(field),
        Path.of(field.required("ca", "/etc/braid/ca.pem")),
        Path.of(field.required("cert", "/etc/braid/node.pem")),
        Path.of(field.required("key", "/etc/braid/node.key")),
        field.choice(
            "transport",
            List.of(TransportKind.values()),
            TransportKind::toString,
            TransportKind.AUTO),
        field.number("window", WINDOW_MIN, WINDOW_MAX, WINDOW_DEFAULT));
  }

  private static @Nullable HostPort listen(Field field) {
    HostPort listen = field.hostPort("listen");
    if (listen != null && EVERYWHERE.contains(listen.host())) {
      throw field.wrong(
          "listen",
          "'listen' of the fabric is " + listen + ", which tells other nodes nothing",
          "Give the address of this node that the others reach");
    }
    return listen;
  }

  /// What this node proves itself with.
  TlsFiles files() {
    return new TlsFiles(ca, cert, key);
  }

  /// As the fabric takes it.
  FabricSettings settings(String node) {
    return new FabricSettings(
        node,
        files(),
        listen == null ? null : listen.resolve(),
        transport,
        IO_THREADS,
        SESSIONS_MAX,
        window(),
        Timing.DEFAULT,
        // Continuity messages pass through these threads too.
        Urgency::raise,
        descriptor -> KeptConnection.keep(descriptor, "braid-lifeline"));
  }

  /// Memory of a session.
  Window window() {
    return new Window(Window.DEFAULT.frames(), windowKib << 10, Window.DEFAULT.ringBytes());
  }
}
