package braid.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Reads a node's YAML file into a [NodeConfig]: the same keys as the options, each error with its
/// line.
///
/// ```yaml
/// node: alpha
/// nics:
///   a0: {tap: brd-a0, bridge: br0, uplink: eth0}
/// bonds:
///   bond0: {members: [a0, beta/*], primary: a0}
/// guests:
///   vm1: {socket: /run/braid/vm1.sock, bond: bond0}
/// fabric: {listen: "10.0.0.1:7440", ca: ca.pem, cert: alpha.pem, key: alpha.key}
/// directory: {kind: file, path: /run/braid/directory}
/// ```
final class NodeYaml {
  static final List<String> TOP =
      List.of(
          "node", "nics", "bonds", "guests", "fabric", "directory", "control", "metrics", "spin");

  private final Path file;
  private final Places places;
  private final Map<String, Node> top = new LinkedHashMap<>();

  private NodeYaml(Path file) {
    this.file = file;
    this.places = new Places(file.toString());
  }

  /// Reads and checks `file`.
  ///
  /// @throws ConfigException with file, line, key and remedy
  static NodeConfig read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new ConfigException(
          file.toString(), "cannot be read (" + e + ")", "Check path and permissions");
    }
    NodeYaml yaml = new NodeYaml(file);
    return NodeChecks.checked(yaml.parse(text), yaml.places);
  }

  private NodeConfig parse(String text) {
    Field scalars = topLevel(root(text));
    FabricSpec fabric = one("fabric", "", FabricSpec::read);
    DirectorySpec directory = one("directory", "", DirectorySpec::read);
    return new NodeConfig(
        scalars.has("node")
            ? scalars.named("node", scalars.text("node", ""))
            : HostName.get(scalars),
        each("nics", "nic", NicSpec::read),
        each("bonds", "bond", BondSpec::read),
        each("guests", "guest", GuestSpec::read),
        fabric,
        directory,
        one("control", "socket", NodeYaml::control),
        one("metrics", "listen", NodeYaml::metrics),
        scalars.number("spin", 0, NodeConfig.SPIN_MAX_MICROS, NodeConfig.SPIN_DEFAULT_MICROS));
  }

  private static Path control(Field field) {
    return field
        .only(List.of("socket"))
        .socket("socket", field.required("socket", "/run/braid/node.sock"));
  }

  private static @Nullable HostPort metrics(Field field) {
    field.only(List.of("listen"));
    field.required("listen", "127.0.0.1:9440");
    return field.hostPort("listen");
  }

  private Node root(String text) {
    LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).build();
    try {
      Optional<Node> composed =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
              .getSingleNode();
      return composed.orElseThrow(
          () ->
              new ConfigException(file.toString(), "the file is empty", "Give nics: and guests:"));
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(1);
      throw new ConfigException(
          file + ":" + line, "not YAML (" + e.getProblem() + ")", "Mend this line");
    }
  }

  /// Sorts the file's keys.
  ///
  /// @return those with a single value, and the unknown ones
  private Field topLevel(Node root) {
    Map<String, Value> scalars = new LinkedHashMap<>();
    for (NodeTuple entry : mapping(root, "the file").getValue()) {
      String key = scalar(entry.getKeyNode(), "a key").text();
      if (top.put(key, entry.getValueNode()) != null) {
        throw new ConfigException(
            at(entry.getKeyNode()), "key '" + key + "' is given twice", "Keep one");
      }
      if (!TOP.contains(key)) {
        scalars.put(key, new Value.Text("", at(entry.getKeyNode())));
      } else if (key.equals("node") || key.equals("spin")) {
        scalars.put(key, scalar(entry.getValueNode(), key));
      }
    }
    return new Field("the file", file.toString(), scalars).only(TOP);
  }

  private interface Reader<T> {
    @Nullable T read(Field field);
  }

  /// The section `key`, null when it is not there.
  ///
  /// @param only the key that a single value in its place stands for; empty when none does
  private <T> @Nullable T one(String key, String only, Reader<T> reader) {
    Node node = top.get(key);
    if (node == null) {
      return null;
    }
    places.put(key, at(node));
    Field field =
        node instanceof ScalarNode && !only.isEmpty()
            ? new Field(key, at(node), Map.of(only, scalar(node, key)))
            : field(key, node, at(node));
    return reader.read(field);
  }

  /// The named things of the section `key`.
  private <T> List<T> each(String key, String what, BiFunction<String, Field, T> reader) {
    Node node = top.get(key);
    if (node == null) {
      return List.of();
    }
    List<T> things = new ArrayList<>();
    for (NodeTuple entry : mapping(node, key).getValue()) {
      String name = scalar(entry.getKeyNode(), "the name of a " + what).text();
      String thing = what + " " + name;
      places.put(thing, at(entry.getKeyNode()));
      things.add(reader.apply(name, field(thing, entry.getValueNode(), at(entry.getKeyNode()))));
    }
    return things;
  }

  private Field field(String what, Node node, String where) {
    Map<String, Value> values = new LinkedHashMap<>();
    for (NodeTuple pair : mapping(node, what).getValue()) {
      String key = scalar(pair.getKeyNode(), "a key of " + what).text();
      if (values.put(key, value(key, pair)) != null) {
        throw new ConfigException(
            at(pair.getKeyNode()), "key '" + key + "' is given twice", "Keep one");
      }
    }
    return new Field(what, where, values);
  }

  private Value value(String key, NodeTuple pair) {
    String where = at(pair.getKeyNode());
    return switch (pair.getValueNode()) {
      case ScalarNode one -> new Value.Text(one.getValue(), where);
      case SequenceNode list ->
          new Value.Items(
              list.getValue().stream().map(item -> scalar(item, "an entry of " + key)).toList(),
              where);
      case MappingNode map -> {
        Map<String, Value.Text> pairs = new LinkedHashMap<>();
        for (NodeTuple entry : map.getValue()) {
          String name = scalar(entry.getKeyNode(), "a name in " + key).text();
          if (pairs.put(name, scalar(entry.getValueNode(), name + " in " + key)) != null) {
            throw new ConfigException(
                at(entry.getKeyNode()), "'" + name + "' is given twice in " + key, "Keep one");
          }
        }
        yield new Value.Pairs(pairs, where);
      }
      default -> throw new ConfigException(where, key + " is an alias", "Write it out");
    };
  }

  private MappingNode mapping(Node node, String what) {
    if (node instanceof MappingNode mapping) {
      return mapping;
    }
    throw new ConfigException(
        at(node), what + " should be a mapping", "Write NAME: {KEY: VALUE, ...}");
  }

  private Value.Text scalar(Node node, String what) {
    if (node instanceof ScalarNode scalar) {
      return new Value.Text(scalar.getValue(), at(node));
    }
    throw new ConfigException(at(node), what + " should be a single value", "Write KEY: VALUE");
  }

  private String at(Node node) {
    return file + ":" + node.getStartMark().map(m -> m.getLine() + 1).orElse(1);
  }
}
