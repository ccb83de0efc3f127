package braid.tck;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import braid.kernel.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;

/// The few calls that only a hostile front-end needs.
final class Libc {
  private static final int F_SETFL = 4;
  private static final int O_RDWR = 2;
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle WRITE = handle("write", JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle FCNTL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("fcntl"),
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle PIPE =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("pipe"), FunctionDescriptor.of(JAVA_INT, ADDRESS));

  private Libc() {}

  private static MethodHandle handle(
      String name, MemoryLayout result, MemoryLayout second, MemoryLayout third) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, JAVA_INT, second, third));
  }

  /// Adds to an eventfd's counter.
  static void add(Fd eventFd, long value) {
    try (Arena arena = Arena.ofConfined()) {
      long written =
          (long) WRITE.invokeExact(eventFd.number(), arena.allocateFrom(JAVA_LONG, value), 8L);
      if (written != 8) {
        throw new IllegalStateException("cannot add " + value + " to " + eventFd);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// Writes until no more fits; afterwards a write blocks.
  static void fill(Fd pipeOrSocket) {
    pipeOrSocket.nonBlocking();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4096);
      for (long size = bytes.byteSize(); size > 0; size /= 2) {
        while ((long) WRITE.invokeExact(pipeOrSocket.number(), bytes, size) > 0) {
          // until it is full to the last byte
        }
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    makeBlocking(pipeOrSocket);
  }

  /// Takes O_NONBLOCK off an open file, also for all others who hold it.
  static void makeBlocking(Fd fd) {
    try {
      if ((int) FCNTL.invokeExact(fd.number(), F_SETFL, O_RDWR) != 0) {
        throw new IllegalStateException("cannot set flags of " + fd);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  /// A pipe: first the end to read, then the end to write.
  static List<Fd> pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment both = arena.allocate(JAVA_INT, 2);
      if ((int) PIPE.invokeExact(both) != 0) {
        throw new IllegalStateException("cannot make a pipe");
      }
      return List.of(new Fd(both.getAtIndex(JAVA_INT, 0)), new Fd(both.getAtIndex(JAVA_INT, 1)));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
