package braid.vm;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/// The application as a read-only disk for the braid guest, made of the classes this JVM itself
/// runs: what is tested is what was just built.
///
/// Theory of operation. The class path holds more than the guest needs (test libraries, this
/// module). Which of its entries belong to the application is not guessed: the module descriptors
/// say it, followed from the root module, service providers included. Entries that are directories
/// become jars. Then the guest's Java runtime, run on the host in the guest's own file layout,
/// writes an archive of loaded classes, which the guest's JVM maps at its start. Disks are kept in
/// the cache under a name made from their content.
public final class AppDisk {
  private static final int KEPT = 4;

  private final GuestFiles files;
  private final String rootModule;
  private final String mainClass;

  /// @param files where the guest's parts are, and where the disk will be
  /// @param rootModule of the application: braid.cli
  /// @param mainClass in that module
  public AppDisk(GuestFiles files, String rootModule, String mainClass) {
    this.files = files;
    this.rootModule = rootModule;
    this.mainClass = mainClass;
  }

  /// The disk with `braid` on it.
  ///
  /// @return a squashfs image: lib/*.jar, bin/braid, braid.jsa
  public static Path braid() {
    return new AppDisk(GuestFiles.here(), "braid.cli", "braid.cli.Braid").make();
  }

  /// Makes the disk, or finds the one made earlier from the same classes.
  ///
  /// @return a squashfs image
  public Path make() {
    try {
      List<Path> entries = applicationEntries();
      Path directory = files.cache().resolve("app");
      Path disk = directory.resolve(digest(entries) + ".squashfs");
      if (!Files.exists(disk)) {
        Files.createDirectories(directory);
        Path tree = Files.createTempDirectory(directory, "tree");
        try {
          fill(tree, entries);
          Path fresh = tree.resolveSibling(tree.getFileName() + ".squashfs");
          Testbed.run(
              List.of(
                  "mksquashfs",
                  tree.toString(),
                  fresh.toString(),
                  "-noappend",
                  "-noI",
                  "-noD",
                  "-noF",
                  "-noX",
                  "-no-progress"));
          Files.move(fresh, disk, StandardCopyOption.ATOMIC_MOVE);
        } finally {
          remove(tree);
        }
        forgetOld(directory);
      }
      return disk;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the application's disk", e);
    }
  }

  /// The entries of the class path that hold the application's modules.
  private List<Path> applicationEntries() {
    Path[] classPath =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(Path::of)
            .filter(Files::exists)
            .filter(entry -> !Files.isDirectory(entry) || isModule(entry))
            .toArray(Path[]::new);
    return closure(ModuleFinder.of(classPath)).stream()
        .flatMap(reference -> reference.location().stream())
        .filter(location -> location.getScheme().equals("file"))
        .map(Path::of)
        .sorted(Comparator.comparing(AppDisk::jarName))
        .toList();
  }

  /// The root module, what these modules require, and who provides a service that one of them uses.
  /// The JDK's resolver would refuse what is not there; on a class path, as here, a module may be
  /// missing whose classes nobody uses.
  private List<ModuleReference> closure(ModuleFinder finder) {
    Map<String, ModuleReference> taken = new LinkedHashMap<>();
    Deque<String> wanted = new ArrayDeque<>(List.of(rootModule));
    while (!wanted.isEmpty()) {
      String name = wanted.remove();
      ModuleReference module = taken.containsKey(name) ? null : finder.find(name).orElse(null);
      if (module == null) {
        continue;
      }
      taken.put(name, module);
      module.descriptor().requires().forEach(required -> wanted.add(required.name()));
      for (ModuleReference other : finder.findAll()) {
        boolean provides =
            other.descriptor().provides().stream()
                .anyMatch(service -> module.descriptor().uses().contains(service.service()));
        // An automatic module says nothing of what it needs.
        if (provides || (module.descriptor().isAutomatic() && other.descriptor().isAutomatic())) {
          wanted.add(other.descriptor().name());
        }
      }
    }
    return List.copyOf(taken.values());
  }

  private static boolean isModule(Path directory) {
    return Files.exists(directory.resolve("module-info.class"));
  }

  /// MODULE/target/classes becomes MODULE.jar.
  private static String jarName(Path entry) {
    if (Files.isRegularFile(entry)) {
      return Objects.requireNonNull(entry.getFileName()).toString();
    }
    Path absolute = entry.toAbsolutePath();
    return absolute.getName(absolute.getNameCount() - 3) + ".jar";
  }

  private void fill(Path tree, List<Path> entries) throws IOException {
    Path lib = Files.createDirectories(tree.resolve("lib"));
    List<String> classPath = new ArrayList<>();
    for (Path entry : entries) {
      Path jar = lib.resolve(jarName(entry));
      if (Files.isDirectory(entry)) {
        jar(entry, jar);
      } else {
        Files.copy(entry, jar, StandardCopyOption.COPY_ATTRIBUTES);
      }
      classPath.add("/app/lib/" + jarName(entry));
    }
    Path start = Files.createDirectories(tree.resolve("bin")).resolve("braid");
    Files.writeString(start, launcher(String.join(":", classPath)));
    if (!start.toFile().setExecutable(true, false)) {
      throw new IOException("cannot make " + start + " executable");
    }
    archiveClasses(tree, String.join(":", classPath));
  }

  private void archiveClasses(Path tree, String classPath) throws IOException {
    Path root = Files.createTempDirectory("braid-root");
    try {
      Testbed.run(
          List.of(
              "env",
              "APP=" + tree,
              files.inGuestRoot().toString(),
              files.guest().toString(),
              root.toString(),
              "/jre/bin/java",
              "-XX:ArchiveClassesAtExit=/app/braid.jsa",
              "-XX:+UseSerialGC",
              "-Xlog:cds=off",
              "-Xlog:cds+dynamic=off",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              classPath,
              mainClass,
              "rehearse"));
    } finally {
      Files.delete(root);
    }
  }

  private String launcher(String classPath) {
    return """
        #!/bin/sh
        # shellcheck disable=SC2086
        exec /jre/bin/java -XX:SharedArchiveFile=/app/braid.jsa -Xlog:cds=off -Xlog:cds+dynamic=off \\
          -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms16m -Xmx96m \\
          --enable-native-access=ALL-UNNAMED $BRAID_JAVA_OPTIONS -cp %s %s "$@"
        """
        .formatted(classPath, mainClass);
  }

  private static void jar(Path directory, Path jar) {
    ToolProvider tool =
        ToolProvider.findFirst("jar")
            .orElseThrow(() -> new TestbedException("no jar tool: run with a JDK, not a JRE"));
    int status =
        tool.run(
            System.out,
            System.err,
            "--create",
            "--file=" + jar,
            "--date=2020-01-01T00:00:00Z",
            "-C",
            directory.toString(),
            ".");
    if (status != 0) {
      throw new TestbedException("jar of " + directory + " failed with " + status);
    }
  }

  /// Over names and contents, and over the runtime, to which the class archive is tied.
  private String digest(List<Path> entries) throws IOException {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (Path entry : entries) {
        sha.update(jarName(entry).getBytes(StandardCharsets.UTF_8));
        try (Stream<Path> paths = Files.walk(entry)) {
          for (Path path : paths.filter(Files::isRegularFile).sorted().toList()) {
            sha.update(entry.relativize(path).toString().getBytes(StandardCharsets.UTF_8));
            sha.update(Files.readAllBytes(path));
          }
        }
      }
      sha.update(launcher("").getBytes(StandardCharsets.UTF_8));
      sha.update(
          Files.getLastModifiedTime(files.jreDisk()).toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static void forgetOld(Path directory) throws IOException {
    try (Stream<Path> disks = Files.list(directory)) {
      List<Path> oldest =
          disks
              .filter(path -> path.toString().endsWith(".squashfs"))
              .sorted(
                  Comparator.comparingLong((Path path) -> path.toFile().lastModified()).reversed())
              .skip(KEPT)
              .toList();
      for (Path disk : oldest) {
        Files.deleteIfExists(disk);
      }
    }
  }

  private static void remove(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
