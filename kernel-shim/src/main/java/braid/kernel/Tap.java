package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.ifreq;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// A TAP: an Ethernet interface of the kernel whose cable we hold in the hand.
///
/// Each read gives, and each write takes, one frame behind a virtio_net_hdr of 12 bytes, so that
/// checksums are left undone and TCP frames of 64 KiB uncut ([#offload]). Unless somebody made it
/// persistent before, the interface goes when this is closed.
///
/// Thread-safe as far as the kernel is: any thread.
public final class Tap implements AutoCloseable {
  /// Bytes of the virtio_net_hdr_v1 before each frame.
  public static final int HEADER_BYTES = 12;

  private static final String DEVICE = "/dev/net/tun";
  private static final int NAME_BYTES_MAX = Sys.IFNAMSIZ() - 1;

  private final Fd fd;
  private final String name;

  private Tap(Fd fd, String name) {
    this.fd = fd;
    this.name = name;
  }

  /// Makes a TAP, or takes over a persistent one that nobody holds. It is down at first; full
  /// offload is on.
  ///
  /// @param name interface name, 1 to 15 bytes; with `%d` the kernel puts the first free number
  /// @throws LinuxException EBUSY when another process holds it, EPERM without CAP_NET_ADMIN
  public static Tap open(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length == 0 || bytes.length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException(
          "interface name of " + bytes.length + " bytes, 1 to " + NAME_BYTES_MAX + " fit: " + name);
    }
    String tried = "make TAP " + name;
    Fd fd = openDevice(tried);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = ifreq.allocate(arena);
      MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, 0, bytes.length);
      ifreq.ifr_ifru.ifru_flags(
          ifreq.ifr_ifru(request), (short) (Sys.IFF_TAP() | Sys.IFF_NO_PI() | Sys.IFF_VNET_HDR()));
      control(fd, Sys.TUNSETIFF(), "TUNSETIFF", request.address(), tried);
      Tap tap = new Tap(fd, request.getString(0));
      tap.setNumber(Sys.TUNSETVNETHDRSZ(), "TUNSETVNETHDRSZ", HEADER_BYTES);
      tap.offload(true, true, true, true);
      // A read or write that would wait says so; io_uring then waits by itself. On a blocking TAP
      // Linux 6.1 would send each operation to a thread of its own.
      fd.nonBlocking();
      return tap;
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private static Fd openDevice(String tried) {
    int result = Linux.open(DEVICE, Sys.O_RDWR() | Sys.O_CLOEXEC());
    if (result == -Sys.ENOENT() || result == -Sys.ENODEV()) {
      throw new LinuxException("open", -result, tried + " (no " + DEVICE + "; try: modprobe tun)");
    }
    return new Fd(Linux.check(result, "open", tried + " (" + DEVICE + ")"));
  }

  private static void control(Fd fd, long request, String call, long argument, String tried) {
    Linux.check(Linux.ioctl(fd.number(), request, argument), "ioctl " + call, tried);
  }

  private void setNumber(long request, String call, int number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, number);
      control(fd, request, call, value.address(), "set up TAP " + name);
    }
  }

  /// Says what the reader of the TAP can take: what it cannot, the kernel does before.
  ///
  /// @param checksum frames whose checksum is not done; without it none of the others
  /// @param tso4     TCP over IPv4 frames of up to 64 KiB
  /// @param tso6     TCP over IPv6 frames of up to 64 KiB
  /// @param ecn      such frames with ECN
  /// @throws LinuxException when the kernel refuses
  public void offload(boolean checksum, boolean tso4, boolean tso6, boolean ecn) {
    long flags =
        (checksum ? Sys.TUN_F_CSUM() : 0)
            | (checksum && tso4 ? Sys.TUN_F_TSO4() : 0)
            | (checksum && tso6 ? Sys.TUN_F_TSO6() : 0)
            | (checksum && ecn && (tso4 || tso6) ? Sys.TUN_F_TSO_ECN() : 0);
    control(fd, Sys.TUNSETOFFLOAD(), "TUNSETOFFLOAD", flags, "set offloads of TAP " + name);
  }

  /// Lets the kernel see the interface's carrier come and go.
  ///
  /// @throws LinuxException when the kernel refuses
  public void carrier(boolean up) {
    setNumber(Sys.TUNSETCARRIER(), "TUNSETCARRIER", up ? 1 : 0);
  }

  /// The interface's name as it was made.
  public String name() {
    return name;
  }

  /// The descriptor, non-blocking; stays owned by this.
  public Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return "TAP " + name;
  }
}
