package braid.kernel;

/// A system call failed: the world's fault, neither the peer's nor ours. The control path decides
/// what it means; the data path never throws it.
public final class LinuxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// The call's name as in section 2 of the manual.
  private final String call;

  /// The error number, positive.
  private final int errno;

  /// What we wanted of the kernel.
  private final String tried;

  /// A failed call.
  ///
  /// @param call  name of the system call, for ioctl with the request's name
  /// @param errno error number, positive
  /// @param tried what we wanted, with the names and numbers that an operator needs
  public LinuxException(String call, int errno, String tried) {
    super(tried + ": " + call + " failed with " + Linux.errorName(errno) + " (" + errno + ")");
    this.call = call;
    this.errno = errno;
    this.tried = tried;
  }

  /// The call's name.
  public String call() {
    return call;
  }

  /// The error number, positive.
  public int errno() {
    return errno;
  }

  /// The error's symbolic name, for instance `ENOENT`.
  public String errorName() {
    return Linux.errorName(errno);
  }

  /// What we wanted of the kernel.
  public String tried() {
    return tried;
  }
}
