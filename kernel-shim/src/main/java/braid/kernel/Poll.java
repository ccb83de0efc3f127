package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Waiting on descriptors by poll(2), for control threads; a worker waits in its [IoUring].
final class Poll {
  private Poll() {}

  /// Waits until `fd` can be read or has ended.
  ///
  /// @param milliseconds how long at most, -1 for ever
  /// @return false when the time was over
  static boolean readable(Fd fd, int milliseconds) {
    return any(milliseconds, Sys.POLLIN(), fd) != 0;
  }

  /// Waits until one of `fds` has one of `events`, an error or its end.
  ///
  /// @param milliseconds how long at most, -1 for ever; starts again after a signal
  /// @return bit i for fds[i]; 0 when the time was over
  /// @throws LinuxException when the kernel refuses
  static int any(int milliseconds, int events, Fd... fds) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = pollfd.allocateArray(fds.length, arena);
      for (int i = 0; i < fds.length; i++) {
        MemorySegment one = pollfd.asSlice(list, i);
        pollfd.fd(one, fds[i].number());
        pollfd.events(one, (short) events);
      }
      int result;
      do {
        result = Linux.poll(list.address(), fds.length, milliseconds);
      } while (result == -Sys.EINTR());
      Linux.check(result, "poll", "wait on " + fds.length + " descriptors");
      int ready = 0;
      for (int i = 0; i < fds.length; i++) {
        ready |= pollfd.revents(pollfd.asSlice(list, i)) != 0 ? 1 << i : 0;
      }
      return ready;
    }
  }
}
