package braid.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Owns everything that one run starts: processes, namespaces, a directory for sockets. Closing it
/// (or the end of the JVM) undoes all in reverse order; what an earlier run left because it was
/// killed is removed when the next one opens.
///
/// Names carry the JVM's process id, `braid-PID-...`, so that runs side by side never meet and a
/// left over thing can be told from one in use.
///
/// Thread safe; closing waits for nobody.
public final class Testbed implements AutoCloseable {
  private static final Duration COMMAND = Duration.ofMinutes(1);
  private static final String PREFIX = "braid-";

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final String prefix;
  private final Path directory;
  private final Path logs;
  private final Shell shell;
  private final Thread hook;
  private boolean closed;
  private volatile boolean endsFirst;

  private Testbed(String prefix, Path directory, Path logs) {
    this.prefix = prefix;
    this.directory = directory;
    this.logs = logs;
    this.shell = own(Shell.start(List.of("/bin/sh"))); // the first: whoever closes may use it
    this.hook = Thread.ofPlatform().name("testbed clean-up").unstarted(this::undo);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /// Opens a testbed; needs root.
  ///
  /// @param logs where the output of every process goes, one file each; made if missing
  /// @return to be closed by the caller
  public static Testbed open(Path logs) {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw new TestbedException("namespaces and machines need root: run as root");
    }
    sweep();
    try {
      Files.createDirectories(logs);
      Path directory = Files.createTempDirectory(PREFIX + ProcessHandle.current().pid() + "-");
      return new Testbed(directory.getFileName().toString(), directory, logs);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the testbed's directories", e);
    }
  }

  /// A directory for sockets and small files; its path is short enough for a socket's address.
  public Path directory() {
    return directory;
  }

  /// Where the logs are.
  public Path logs() {
    return logs;
  }

  /// Makes a network namespace with its loopback up.
  ///
  /// @param name unique within this testbed
  /// @return removed with the testbed
  public Namespace namespace(String name) {
    return own(Namespace.create(prefix + "-" + name));
  }

  /// Starts a process.
  ///
  /// @param name of its log file and in messages
  /// @param namespace to run it in; null for the machine's own
  /// @param command program and arguments
  /// @return stopped with the testbed
  public Child start(String name, @Nullable Namespace namespace, List<String> command) {
    return start(name, namespace, command, line -> false);
  }

  /// From now on guests and the ends of measured traffic go before all that is started, compiled
  /// or compared beside them, but for the threads that carry frames (nice -15). In a cluster other
  /// nodes have processors of their own; here a node that begins anew keeps two processors busy for
  /// seconds. For a measurement of time with little traffic: a busy guest would starve the rest.
  public void endsFirst() {
    endsFirst = true;
  }

  /// A guest's or an end's command as it is to be started.
  ///
  /// @param command program and arguments
  /// @return the same under nice(1), if [#endsFirst]
  List<String> ahead(List<String> command) {
    return endsFirst
        ? Stream.concat(Stream.of("nice", "-n", "-15"), command.stream()).toList()
        : command;
  }

  Child start(
      String name, @Nullable Namespace namespace, List<String> command, Predicate<String> divert) {
    List<String> whole = namespace == null ? command : namespace.within(command);
    ProcessBuilder builder = new ProcessBuilder(whole);
    builder.environment().put("TMPDIR", directory.toString());
    return own(Child.start(name, builder, logs.resolve(name + ".log"), divert, shell));
  }

  /// A shell for short commands.
  ///
  /// @param namespace to run them in
  /// @return ended with the testbed
  Shell shell(Namespace namespace) {
    return own(Shell.start(namespace.within(List.of("/bin/sh"))));
  }

  /// Hands something over to be closed with the testbed, before what was there earlier.
  ///
  /// @param <T> what it is
  /// @param thing to close
  /// @return the same
  public <T extends AutoCloseable> T own(T thing) {
    synchronized (owned) {
      owned.push(thing);
    }
    return thing;
  }

  @Override
  public void close() {
    undo();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is going down: the hook finds nothing left to do.
    }
  }

  private void undo() {
    List<AutoCloseable> all;
    synchronized (owned) {
      if (closed) {
        return;
      }
      closed = true;
      all = new ArrayList<>(owned);
      owned.clear();
    }
    for (AutoCloseable thing : all) {
      try {
        thing.close();
      } catch (Exception e) {
        System.getLogger(Testbed.class.getName())
            .log(System.Logger.Level.WARNING, "clean-up of " + thing + ": " + e.getMessage());
      }
    }
    remove(directory);
  }

  /// Runs a short command to its end.
  ///
  /// @param command program and arguments
  /// @return what it wrote, output and errors together
  /// @throws TestbedException if its exit status is not 0 or it takes longer than a minute
  public static String run(List<String> command) {
    try {
      Path output = Files.createTempFile("braid-command", ".out");
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new java.io.File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(COMMAND.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
          process.destroyForcibly();
        }
        String said = Files.readString(output, StandardCharsets.ISO_8859_1);
        if (!ended || process.exitValue() != 0) {
          throw new TestbedException(
              "'%s' %s:%n%s"
                  .formatted(
                      String.join(" ", command),
                      ended ? "failed with " + process.exitValue() : "did not end in a minute",
                      said));
        }
        return said;
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + String.join(" ", command), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestbedException("interrupted in " + String.join(" ", command), e);
    }
  }

  /// Removes what runs that are no more left behind: namespaces (with the processes in them) and
  /// directories that carry the id of a process that is gone.
  private static void sweep() {
    for (String line : run(List.of("ip", "netns", "list")).lines().toList()) {
      String name = line.split(" ", 2)[0];
      if (orphan(name)) {
        Namespace.remove(name);
      }
    }
    try (Stream<Path> paths = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      paths.filter(p -> orphan(p.getFileName().toString())).forEach(Testbed::remove);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look for left-over directories", e);
    }
  }

  private static boolean orphan(String name) {
    String[] parts = name.split("-", 3);
    if (!name.startsWith(PREFIX) || parts.length < 3 || !parts[1].matches("[0-9]+")) {
      return false;
    }
    return ProcessHandle.of(Long.parseLong(parts[1])).isEmpty();
  }

  private static void remove(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + directory, e);
    }
  }
}
