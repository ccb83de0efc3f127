package braid.fabric.directory;

import braid.port.Counter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One folder of a [FileDirectory]: for each name a `NAME.json` with what is said and a `NAME.lock`
/// ([FileLife]) that says whether who said it lives. What is neither is ignored, and told once.
///
/// One thread.
final class FileFolder {
  private static final System.Logger LOG = System.getLogger(FileFolder.class.getName());
  private static final String TEXT = ".json";
  private static final String LOCK = ".lock";
  private static final String TEMPORARY = ".temporary";
  private static final int STRANGERS_MAX = 1000;

  private final Path folder;
  private final Set<String> strangers = new HashSet<>();
  private final Counter ignored = new Counter("directory_files_ignored");

  FileFolder(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder);
  }

  Path path() {
    return folder;
  }

  Path lock(String name) {
    return folder.resolve(name + LOCK);
  }

  /// How many files were ignored because they are nothing that a directory wrote.
  Counter ignored() {
    return ignored;
  }

  /// The names whose holder lives.
  List<String> living() throws IOException {
    List<String> living = new ArrayList<>();
    List<Path> files;
    try (var list = Files.list(folder)) {
      files = list.toList();
    }
    for (Path path : files) {
      String file = String.valueOf(path.getFileName());
      if (file.endsWith(TEXT)) {
        String name = file.substring(0, file.length() - TEXT.length());
        if (lives(name)) {
          living.add(name);
        }
      } else if (!file.endsWith(LOCK) && !file.endsWith(TEMPORARY)) {
        stranger(file, "it is none of Braid's");
      }
    }
    living.sort(null);
    return living;
  }

  private boolean lives(String name) {
    try {
      return FileLife.held(lock(name));
    } catch (IOException e) {
      stranger(
          name + LOCK, "it cannot be read: " + e); // one bad file does not blind us for the rest
      return false;
    }
  }

  /// What `name` says; null when the file just went, or is longer than `max` bytes.
  byte @Nullable [] read(String name, int max) throws IOException {
    Path file = folder.resolve(name + TEXT);
    try {
      if (Files.size(file) > max) {
        stranger(name + TEXT, "it is longer than " + max + " bytes");
        return null;
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  /// Says something as `name`, whole or not at all.
  void write(String name, byte[] bytes) throws IOException {
    // Only the holder of the lock writes, so the temporary name is nobody else's.
    Path temporary = folder.resolve(name + TEMPORARY);
    Files.write(temporary, bytes);
    Files.move(temporary, folder.resolve(name + TEXT), StandardCopyOption.ATOMIC_MOVE);
  }

  /// Says nothing any more.
  void delete(String name) throws IOException {
    Files.deleteIfExists(folder.resolve(name + TEXT));
  }

  /// What `name` says can be used: the next time it cannot is news again.
  void known(String name) {
    strangers.remove(name + TEXT);
  }

  /// A file that cannot be used: counted and told once.
  void stranger(String file, String why) {
    if (strangers.size() < STRANGERS_MAX && strangers.add(file)) {
      ignored.add(1);
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: ignored, {1}. Remove it, or correct the program that wrote it",
          folder.resolve(file),
          why);
    }
  }
}
