package braid.host;

import braid.kernel.Fd;
import braid.virtio.ProtocolException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Descriptors that a front-end gave, checked to be what they should be before anybody uses them.
///
/// Each function takes the descriptor out of the message's list, whose rest is closed; on an
/// exception it stays there.
final class PeerFds {
  private PeerFds() {}

  /// A descriptor that rings us: an eventfd, which can neither block nor signal.
  ///
  /// @return null when none comes along
  static @Nullable Fd eventFd(List<Fd> fds, boolean hasFd, String clause) throws ProtocolException {
    if (!hasFd) {
      return null;
    }
    Fd fd = fds.getFirst();
    if (!fd.isEventFd()) {
      throw new ProtocolException(clause, "not an eventfd but " + fd.target());
    }
    fds.removeFirst();
    return fd.nonBlocking();
  }

  /// A descriptor that we ring. Linux's virtio_uml gives one end of a socket pair, older ones that
  /// of a pipe; [Bell] waits for none of them.
  ///
  /// @return null when none comes along
  static @Nullable Fd doorbell(List<Fd> fds, boolean hasFd, String clause)
      throws ProtocolException {
    if (hasFd) {
      String target = fds.getFirst().target();
      if (target.startsWith("socket:[") || target.startsWith("pipe:[")) {
        return fds.removeFirst().nonBlocking();
      }
    }
    return eventFd(fds, hasFd, clause);
  }

  /// The socket for our requests.
  static Fd socket(List<Fd> fds) throws ProtocolException {
    String target = fds.getFirst().target();
    if (!target.startsWith("socket:[")) {
      throw new ProtocolException("VHOST_USER_SET_BACKEND_REQ_FD", "not a socket but " + target);
    }
    return fds.removeFirst();
  }
}
