package braid.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// System calls about the calling thread itself; the conventions are those of [Linux].
final class LinuxThread {
  /// linux/sched.h: the table of file descriptors.
  private static final int CLONE_FILES = 0x400;

  private static final int PRIO_PROCESS = 0;
  private static final int SELF = 0;

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
}
