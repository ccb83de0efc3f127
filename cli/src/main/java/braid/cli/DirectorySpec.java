package braid.cli;

import braid.fabric.directory.ClusterSettings;
import braid.fabric.directory.ClusterTimings;
import braid.fabric.directory.Endpoint;
import braid.fabric.pki.NodeIdentity;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the map of all NICs is kept.
///
/// @param kind    who keeps it
/// @param path    FILE: directory that all nodes of this machine share
/// @param cluster JGROUPS: its name; nodes of another one do not mix
/// @param members JGROUPS: node to where its directory listens; their majority decides who owns
///                what. The same on all nodes; a node need not be among them
/// @param bind    JGROUPS: where this one listens
/// @param raft    JGROUPS: folder for the log of owners
record DirectorySpec(
    Kind kind,
    Path path,
    String cluster,
    Map<String, HostPort> members,
    @Nullable HostPort bind,
    @Nullable Path raft) {
  static final List<String> KEYS = List.of("kind", "path", "cluster", "members", "bind", "raft");
  static final String CLUSTER_DEFAULT = "braid";
  private static final int MEMBERS_MAX = 9;
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
    members = Map.copyOf(members);
  }

  /// `--directory file:PATH` or `--directory jgroups,bind=...,members=...+...`.
  static DirectorySpec option(String text) {
    // file:/run/x is kind=file,path=/run/x
    return read(OptionText.only("--directory", text.replaceFirst("^file:", "file,path="), "kind"));
  }

  static DirectorySpec read(Field field) {
    field.only(KEYS);
    Kind kind = field.choice("kind", Kind.class, Kind.FILE);
    for (String key :
        kind == Kind.FILE ? List.of("cluster", "members", "bind", "raft") : List.of("path")) {
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
      return new DirectorySpec(
          kind, path == null ? PATH_DEFAULT : path, CLUSTER_DEFAULT, Map.of(), null, null);
    }
    field.required("bind", "10.0.0.1:7441");
    Map<String, HostPort> members = members(field);
    Path raft = field.path("raft");
    return new DirectorySpec(
        kind,
        PATH_DEFAULT,
        field.name(field.text("cluster", CLUSTER_DEFAULT)),
        members,
        field.hostPort("bind"),
        raft == null ? RAFT_DEFAULT : raft);
  }

  private static Map<String, HostPort> members(Field field) {
    Map<String, HostPort> members = new LinkedHashMap<>();
    field
        .texts("members", '@')
        .forEach((node, text) -> members.put(field.name(node), member(field, text)));
    if (members.isEmpty()) {
      throw field.lacks("members", "a@10.0.0.1:7441+b@10.0.0.2:7441+c@10.0.0.3:7441");
    }
    if (members.size() > MEMBERS_MAX) {
      throw field.wrong(
          "members",
          "'members' of the directory are " + members.size() + ", at most " + MEMBERS_MAX,
          "Three or five are enough for any number of nodes; the others need not be members");
    }
    return members;
  }

  private static HostPort member(Field field, String text) {
    return HostPort.parse(text)
        .filter(address -> !address.host().isEmpty() && address.port() > 0)
        .orElseThrow(
            () ->
                field.wrong(
                    "members",
                    "'members' of the directory has '" + text + "'",
                    "Give NODE: ADDRESS:PORT of each, such as a: 10.0.0.1:7441"));
  }

  /// As a cluster's directory takes it.
  ///
  /// @throws ConfigException when it does not fit together
  ClusterSettings settings(String node, NodeIdentity identity) {
    if (bind == null || raft == null) {
      throw new IllegalStateException("no directory of kind jgroups");
    }
    Map<String, Endpoint> voters = new LinkedHashMap<>();
    members.forEach((name, at) -> voters.put(name, new Endpoint(at.host(), at.port())));
    try {
      return new ClusterSettings(
          cluster,
          node,
          new Endpoint(bind.host(), bind.port()),
          voters,
          raft,
          identity,
          ClusterTimings.DEFAULT);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("directory", String.valueOf(e.getMessage()), "Make them agree");
    }
  }
}
