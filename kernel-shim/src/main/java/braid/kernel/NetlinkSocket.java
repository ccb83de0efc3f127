package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.nlmsghdr;
import braid.kernel.jextract.sockaddr_nl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A socket of rtnetlink: sends requests, cuts what comes into messages. One thread at a time.
final class NetlinkSocket implements AutoCloseable {
  /// Takes one received message.
  @FunctionalInterface
  interface Receiver {
    /// One message.
    ///
    /// @param header its netlink header
    /// @param body   what follows the header
    void message(MemorySegment header, MemorySegment body);
  }

  /// The kernel never puts more than 32 KiB into one datagram.
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Fd fd;
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, 8);

  /// Opens it.
  ///
  /// @param groups RTMGRP_* bits to listen to, 0 for answers only
  /// @throws LinuxException when the kernel refuses
  NetlinkSocket(int groups) {
    String tried = "talk to rtnetlink";
    fd =
        new Fd(
            Linux.check(
                Linux.socket(
                    Sys.AF_NETLINK(), Sys.SOCK_RAW() | Sys.SOCK_CLOEXEC(), Sys.NETLINK_ROUTE()),
                "socket",
                tried));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = sockaddr_nl.allocate(arena);
      sockaddr_nl.nl_family(address, (short) Sys.AF_NETLINK());
      sockaddr_nl.nl_groups(address, groups);
      Linux.check(
          Linux.bind(fd.number(), address.address(), (int) sockaddr_nl.sizeof()), "bind", tried);
      MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
      // Answers without an echo of the request, and with the kernel's words on what is wrong.
      for (int option : new int[] {Sys.NETLINK_CAP_ACK(), Sys.NETLINK_EXT_ACK()}) {
        Linux.check(
            Linux.setsockopt(fd.number(), Sys.SOL_NETLINK(), option, one.address(), Integer.BYTES),
            "setsockopt",
            tried);
      }
    } catch (RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  Fd fd() {
    return fd;
  }

  /// Sends a request.
  ///
  /// @throws LinuxException when the kernel refuses
  void send(MemorySegment message, String tried) {
    Linux.check(Linux.send(fd.number(), message.address(), message.byteSize(), 0), "send", tried);
  }

  /// Waits for a datagram and gives its messages to `receiver`.
  ///
  /// @return false when the kernel had to drop some (ENOBUFS): ask for everything again
  /// @throws LinuxException for anything else
  boolean receive(Receiver receiver) {
    long bytes;
    do {
      bytes = Linux.recv(fd.number(), buffer.address(), BUFFER_BYTES, 0);
    } while (bytes == -Sys.EINTR());
    if (bytes == -Sys.ENOBUFS()) {
      return false;
    }
    Linux.check(bytes, "recv", "hear from rtnetlink");
    long at = 0;
    while (at + nlmsghdr.sizeof() <= bytes) {
      MemorySegment header = buffer.asSlice(at, nlmsghdr.sizeof());
      long length = Integer.toUnsignedLong(nlmsghdr.nlmsg_len(header));
      if (length < nlmsghdr.sizeof() || length > bytes - at) {
        break;
      }
      receiver.message(header, buffer.asSlice(at + nlmsghdr.sizeof(), length - nlmsghdr.sizeof()));
      at += (length + 3) & -4L;
    }
    return true;
  }

  @Override
  public void close() {
    fd.close();
  }
}
