package braid.kernel;

import braid.kernel.jextract.Sys;

/// Memory that is a file without a name, so that it can be given to another process: what a
/// vhost-user front-end shares as guest memory.
///
/// It is sealed against shrinking: who maps it never meets a page that is gone.
public final class MemFd implements AutoCloseable {
  private final Fd fd;
  private final long size;

  private MemFd(Fd fd, long size) {
    this.fd = fd;
    this.size = size;
  }

  /// Makes a memory file of `size` zero bytes whose size stays as it is.
  ///
  /// @param name what `/proc/PID/maps` shows
  /// @param size bytes, a multiple of the page size
  /// @throws LinuxException when the kernel refuses
  public static MemFd create(String name, long size) {
    MemFd memory = createUnsealed(name, size);
    memory.seal(Sys.F_SEAL_SHRINK() | Sys.F_SEAL_GROW() | Sys.F_SEAL_SEAL());
    return memory;
  }

  /// Makes a memory file of `size` zero bytes which whoever holds it can resize or seal.
  ///
  /// @throws LinuxException when the kernel refuses
  public static MemFd createUnsealed(String name, long size) {
    String tried = "make " + size + " bytes of shared memory '" + name + "'";
    Fd fd =
        new Fd(
            Linux.check(
                Linux.memfdCreate(name, Sys.MFD_CLOEXEC() | Sys.MFD_ALLOW_SEALING()),
                "memfd_create",
                tried));
    int result = Linux.ftruncate(fd.number(), size);
    if (result < 0) {
      fd.close();
      throw new LinuxException("ftruncate", -result, tried);
    }
    return new MemFd(fd, size);
  }

  /// Adds seals, F_SEAL_* bits of the kernel.
  ///
  /// @throws LinuxException EPERM when it is sealed against sealing
  void seal(int seals) {
    Linux.check(
        Linux.fcntl(fd.number(), Sys.F_ADD_SEALS(), seals), "fcntl F_ADD_SEALS", "seal " + fd);
  }

  /// Changes the length; fails on a sealed one.
  ///
  /// @throws LinuxException EPERM when sealed
  public void resize(long bytes) {
    Linux.check(Linux.ftruncate(fd.number(), bytes), "ftruncate", "resize " + fd + " to " + bytes);
  }

  /// The descriptor; stays owned by this.
  public Fd fd() {
    return fd;
  }

  /// Length in bytes at creation.
  public long size() {
    return size;
  }

  /// Maps all of it, shared, for reading and writing.
  public Mapping map() {
    return Mapping.shared(fd, 0, size);
  }

  @Override
  public void close() {
    fd.close();
  }
}
