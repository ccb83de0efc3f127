package braid.fabric;

import java.util.Arrays;
import java.util.Locale;

/// How Netty asks the kernel to move bytes.
public enum TransportKind {
  /// The first of the following that works here.
  AUTO,
  /// io_uring: fewest system calls; Linux 5.14 and later, where it is not switched off.
  IO_URING,
  /// epoll, by native code.
  EPOLL,
  /// What the JDK brings.
  NIO;

  /// As written in a configuration: `auto`, `io_uring`, `epoll`, `nio`.
  ///
  /// @throws IllegalArgumentException for anything else
  public static TransportKind of(String text) {
    for (TransportKind kind : values()) {
      if (kind.toString().equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "fabric transport '" + text + "': use one of " + Arrays.toString(values()));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
