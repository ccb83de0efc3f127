package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.stat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/// System calls about the calling thread itself; the conventions are those of [Linux].
final class LinuxThread {
  /// linux/sched.h: the table of file descriptors.
  private static final int CLONE_FILES = 0x400;

  private static final int PRIO_PROCESS = 0;
  private static final int SELF = 0;

  /// After standard input, output and error.
  private static final int FIRST = 3;

  private static final int NUMBERS_MAX = 4096;

  private static final MethodHandle SETPRIORITY = Linux.handle("setpriority", "i:iii");
  private static final MethodHandle UNSHARE = Linux.handle("unshare", "i:i");

  private LinuxThread() {}

  /// Sets the nice value of the calling thread alone.
  static int nice(int value) {
    MemorySegment captured = Linux.captured();
    try {
      return Linux.result(
          (int) SETPRIORITY.invokeExact(captured, PRIO_PROCESS, SELF, value), captured);
    } catch (Throwable t) {
      throw Linux.bug(t);
    }
  }

  /// Gives the calling thread a table of file descriptors of its own, a copy of the process's.
  static int ownDescriptors() {
    MemorySegment captured = Linux.captured();
    try {
      return Linux.result((int) UNSHARE.invokeExact(captured, CLONE_FILES), captured);
    } catch (Throwable t) {
      throw Linux.bug(t);
    }
  }

  /// Closes, in the calling thread's own table, what is neither a regular file (the JVM reads
  /// classes from them) nor one of `kept`, so that nothing of the process is held open by it.
  static void closeOthers(int... kept) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = stat.allocate(arena);
      for (int number = FIRST; number < NUMBERS_MAX; number++) {
        int each = number;
        if (Arrays.stream(kept).noneMatch(one -> one == each)
            && Linux.fstat(number, status.address()) == 0
            && (stat.st_mode(status) & Sys.S_IFMT()) != Sys.S_IFREG()) {
          Linux.close(number);
        }
      }
    }
  }
}
