package braid.fabric.pki;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Judges as the JDK does, and says in words whom it refused and why: what reaches those who use
/// the connection is often no more than "closed".
final class JudgingTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager judge;
  private final Consumer<String> refused;

  /// @param judge   decides
  /// @param refused told one line for each refusal, on the thread of the handshake
  JudgingTrust(X509ExtendedTrustManager judge, Consumer<String> refused) {
    this.judge = judge;
    this.refused = refused;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    judged(chain, socket, () -> judge.checkClientTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    judged(chain, socket, () -> judge.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    judged(chain, null, () -> judge.checkClientTrusted(chain, type, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    judged(chain, null, () -> judge.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    judged(chain, null, () -> judge.checkClientTrusted(chain, type));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    judged(chain, null, () -> judge.checkServerTrusted(chain, type));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return judge.getAcceptedIssuers();
  }

  @FunctionalInterface
  private interface Judgement {
    void pass() throws CertificateException;
  }

  private void judged(X509Certificate[] chain, @Nullable Socket socket, Judgement judgement)
      throws CertificateException {
    try {
      judgement.pass();
    } catch (CertificateException e) {
      refused.accept(reason(chain[0], socket, e));
      throw e;
    }
  }

  private static String reason(
      X509Certificate theirs, @Nullable Socket socket, CertificateException e) {
    String who =
        "a node with the certificate of '"
            + Certificates.commonName(theirs)
            + "'"
            + (socket == null ? "" : " at " + socket.getRemoteSocketAddress())
            + " is refused: ";
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateExpiredException) {
        return who
            + "it expired at "
            + theirs.getNotAfter().toInstant()
            + ". Issue a new one there";
      }
    }
    return who
        + "its issuer '"
        + theirs.getIssuerX500Principal()
        + "' is not an authority of this cluster ("
        + e.getMessage()
        + ")";
  }
}
