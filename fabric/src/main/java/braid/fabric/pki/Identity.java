package braid.fabric.pki;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;

/// A certificate with the private key that belongs to it.
///
/// @param certificate of an authority or of a node
/// @param key         its private key; secret
public record Identity(X509Certificate certificate, PrivateKey key) {
  /// The common name: an authority's name, or the node's.
  public String name() {
    return Certificates.commonName(certificate);
  }

  /// Without the key, which belongs in no log.
  @Override
  public String toString() {
    return "Identity[" + name() + "]";
  }
}
