package braid.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where the map of all NICs is kept.
///
/// @param kind    who keeps it
/// @param path    FILE: directory that all nodes of this machine share
/// @param members JGROUPS: where the other nodes' directories listen, this one's among them
/// @param bind    JGROUPS: where this one listens
/// @param raft    JGROUPS: directory for the log of owners
record DirectorySpec(
    Kind kind, Path path, List<HostPort> members, @Nullable HostPort bind, @Nullable Path raft) {
  static final List<String> KEYS = List.of("kind", "path", "members", "bind", "raft");
  static final Path PATH_DEFAULT = Path.of("/run/braid/directory");
  static final Path RAFT_DEFAULT = Path.of("/var/lib/braid/raft");

  /// Who keeps the map.
  enum Kind {
    /// Files that the nodes of one machine share.
    FILE,
    /// JGroups and jgroups-raft in each node.
    JGROUPS
  }

  DirectorySpec {
    members = List.copyOf(members);
  }

  /// `--directory file:PATH` or `--directory jgroups,bind=...,members=...+...`.
  static DirectorySpec option(String text) {
    // file:/run/x is kind=file,path=/run/x
    return read(OptionText.only("--directory", text.replaceFirst("^file:", "file,path="), "kind"));
  }

  static DirectorySpec read(Field field) {
    field.only(KEYS);
    Kind kind = field.choice("kind", Kind.class, Kind.FILE);
    for (String key : kind == Kind.FILE ? List.of("members", "bind", "raft") : List.of("path")) {
      if (field.has(key)) {
        throw field.wrong(
            key,
            "'" + key + "' means nothing to a directory of kind " + Field.word(kind),
            kind == Kind.FILE
                ? "Remove it, or write kind: jgroups"
                : "Remove it, or write kind: file");
      }
    }
    if (kind == Kind.FILE) {
      Path path = field.path("path");
      return new DirectorySpec(kind, path == null ? PATH_DEFAULT : path, List.of(), null, null);
    }
    field.required("bind", "10.0.0.1:7441");
    List<HostPort> members = field.items("members").stream().map(m -> member(field, m)).toList();
    if (members.isEmpty()) {
      field.required("members", "10.0.0.1:7441+10.0.0.2:7441+10.0.0.3:7441");
    }
    HostPort bind = field.hostPort("bind");
    if (bind != null && !members.contains(bind)) {
      throw field.wrong(
          "members",
          "'members' of the directory lacks this node's own 'bind' " + bind,
          "List every node the same way on all of them");
    }
    Path raft = field.path("raft");
    return new DirectorySpec(kind, PATH_DEFAULT, members, bind, raft == null ? RAFT_DEFAULT : raft);
  }

  private static HostPort member(Field field, String text) {
    return HostPort.parse(text)
        .filter(address -> !address.host().isEmpty() && address.port() > 0)
        .orElseThrow(
            () ->
                field.wrong(
                    "members",
                    "'members' of the directory has '" + text + "'",
                    "Give ADDRESS:PORT of each node, such as 10.0.0.1:7441"));
  }
}
