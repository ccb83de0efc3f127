package braid.fabric.pki;

import java.nio.file.Path;

/// The three PEM files of a node's TLS ends.
///
/// @param ca          certificates of the authorities whose nodes are believed
/// @param certificate this node's certificate, and after it those between it and the authority
/// @param key         this node's private key
public record TlsFiles(Path ca, Path certificate, Path key) {
  /// The files as `braid certs issue` lays them out.
  ///
  /// @param folder holds `ca.pem`, `NODE.pem` and `NODE.key`
  /// @param node   the node's name
  public static TlsFiles in(Path folder, String node) {
    return new TlsFiles(
        PemFiles.certificate(folder, PemFiles.AUTHORITY),
        PemFiles.certificate(folder, node),
        PemFiles.key(folder, node));
  }
}
