package braid.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/// A network namespace that a test makes and removes, and in which it can run code: sockets belong
/// to the namespace of the thread that makes them.
final class Namespace implements AutoCloseable {
  private static final int CLONE_NEWNET = 0x40000000;
  private static final MethodHandle SETNS =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("setns"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

  private final String name;

  /// Makes `prefix` and the number of this process, so that several test runs do not meet.
  Namespace(String prefix) {
    this.name = prefix + "-" + ProcessHandle.current().pid();
    Shell.run("ip netns add " + name);
    try {
      exec("sysctl -q -w net.ipv6.conf.all.disable_ipv6=1");
      exec("ip link set lo up");
    } catch (AssertionError e) {
      close();
      throw e;
    }
  }

  String exec(String command) {
    return Shell.run("ip netns exec " + name + " " + command);
  }

  /// Moves an interface of ours here and sets it up.
  void take(Tap tap) {
    Shell.run("ip link set " + tap.name() + " netns " + name);
    exec("ip link set " + tap.name() + " up");
  }

  /// Its name.
  String name() {
    return name;
  }

  /// Runs `action` on a new thread in the namespace.
  <T> CompletableFuture<T> run(Callable<T> action) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try (Fd space = Fd.open("/run/netns/" + name, 0)) {
                int entered = (int) SETNS.invokeExact(space.number(), CLONE_NEWNET);
                if (entered != 0) {
                  throw new AssertionError("setns " + Path.of("/run/netns", name));
                }
                result.complete(action.call());
              } catch (Throwable t) {
                result.completeExceptionally(t);
              }
            });
    return result;
  }

  @Override
  public void close() {
    Shell.run("ip netns del " + name);
  }
}
