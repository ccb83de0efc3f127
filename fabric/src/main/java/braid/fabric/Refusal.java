package braid.fabric;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.SignatureException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Says in one line why a connection failed, and what to do about it.
final class Refusal {
  private Refusal() {}

  /// What Netty or the JDK reported, before or after the TLS handshake.
  static Ending of(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      Ending known = known(t);
      if (known != null) {
        return known;
      }
    }
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SSLException) {
        return refused(tls(root(failure)));
      }
    }
    if (failure instanceof ClosedChannelException) {
      return new Ending(FabricEvent.Kind.LOST, "closed during the TLS handshake");
    }
    return new Ending(
        FabricEvent.Kind.LOST,
        (failure instanceof IOException ? "the connection was cut: " : "the connection failed: ")
            + root(failure));
  }

  private static @Nullable Ending known(Throwable t) {
    return switch (t) {
      case NotSslRecordException _ ->
          refused("the peer speaks no TLS: does another program use the fabric's port?");
      case SslHandshakeTimeoutException _ ->
          new Ending(
              FabricEvent.Kind.HUNG, "the TLS handshake was not done in time: does the peer hang?");
      case CertificateExpiredException e ->
          refused(
              "the peer's certificate has expired ("
                  + e.getMessage()
                  + "): issue a new one with `braid certs issue`");
      case CertificateNotYetValidException e ->
          refused(
              "the peer's certificate is not valid yet ("
                  + e.getMessage()
                  + "): compare the nodes' clocks");
      case CertPathValidatorException e when e.getCause() == null -> unknownAuthority();
      case SignatureException _ -> unknownAuthority();
      default -> null;
    };
  }

  private static Ending refused(String detail) {
    return new Ending(FabricEvent.Kind.REFUSED, detail);
  }

  private static Ending unknownAuthority() {
    return refused(
        "the peer's certificate is not of our authority: all nodes need certificates of the same"
            + " CA");
  }

  /// The JDK has no types for these, only texts.
  private static String tls(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (lower.contains("certification path") || lower.contains("signature check failed")) {
      return unknownAuthority().detail();
    }
    if (lower.contains("certificate chain") || lower.contains("certificate_required")) {
      return lower.contains("alert")
          ? "the peer wants a certificate of ours and got none: give this node one"
          : "the peer has no certificate of our authority: give it one with `braid certs issue`";
    }
    if (lower.contains("received fatal alert: protocol_version")
        || lower.contains("not enabled or supported")
        || lower.contains("not accepted")
        || lower.contains("supported_versions")) {
      return "the peer does not speak TLS 1.3 (" + text + ")";
    }
    if (lower.contains("received fatal alert")) {
      return "the peer refuses our certificate ("
          + text.substring(lower.indexOf("alert"))
          + "): its log says why";
    }
    return "TLS failed: " + text;
  }

  /// The message of the first cause.
  static String root(Throwable t) {
    Throwable root = t;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    return message == null ? root.getClass().getSimpleName() : message;
  }
}
