package braid.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Reads a node's YAML file into a [NodeConfig]: the same keys as the options, each error with its
/// line.
///
/// ```yaml
/// spin: 50            # µs, optional
/// nics:
///   a0: {tap: brd-a0, bridge: br0, uplink: eth0}
/// guests:
///   vm1: {socket: /run/braid/vm1.sock, nic: a0}
/// ```
final class NodeYaml {
  private static final List<String> TOP = List.of("nics", "guests", "spin");
  private final Path file;

  private NodeYaml(Path file) {
    this.file = file;
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
    return new NodeYaml(file).parse(text).checked(file.toString());
  }

  private NodeConfig parse(String text) {
    LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).build();
    Node root;
    try {
      Optional<Node> composed =
          new Composer(settings, new ParserImpl(settings, new StreamReader(settings, text)))
              .getSingleNode();
      root =
          composed.orElseThrow(
              () ->
                  new ConfigException(
                      file.toString(), "the file is empty", "Give nics: and guests:"));
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(1);
      throw new ConfigException(
          file + ":" + line, "not YAML (" + e.getProblem() + ")", "Mend this line");
    }
    List<NodeConfig.Nic> nics = new ArrayList<>();
    List<NodeConfig.Guest> guests = new ArrayList<>();
    Map<String, String> scalars = new LinkedHashMap<>();
    Map<String, String> lines = new LinkedHashMap<>();
    for (NodeTuple entry : mapping(root, "the file").getValue()) {
      String key = scalar(entry.getKeyNode(), "a key");
      switch (key) {
        case "nics" ->
            each(entry.getValueNode(), "nic", (name, f) -> nics.add(NodeConfig.nic(name, f)));
        case "guests" ->
            each(entry.getValueNode(), "guest", (name, f) -> guests.add(NodeConfig.guest(name, f)));
        default -> {
          lines.put(key, at(entry.getKeyNode()));
          scalars.put(key, TOP.contains(key) ? scalar(entry.getValueNode(), key) : "");
        }
      }
    }
    Field top = new Field("the file", file.toString(), scalars, lines).only(TOP);
    return new NodeConfig(
        nics, guests, top.number("spin", 0, 1_000_000, NodeConfig.SPIN_DEFAULT_MICROS));
  }

  private interface Sink {
    void take(String name, Field field);
  }

  private void each(Node node, String what, Sink sink) {
    for (NodeTuple entry : mapping(node, what + "s").getValue()) {
      String name = scalar(entry.getKeyNode(), "the name of a " + what);
      Map<String, String> values = new LinkedHashMap<>();
      Map<String, String> lines = new LinkedHashMap<>();
      for (NodeTuple pair : mapping(entry.getValueNode(), what + " " + name).getValue()) {
        String key = scalar(pair.getKeyNode(), "a key of " + what + " " + name);
        if (values.put(key, scalar(pair.getValueNode(), key)) != null) {
          throw new ConfigException(
              at(pair.getKeyNode()), "key '" + key + "' is given twice", "Keep one");
        }
        lines.put(key, at(pair.getKeyNode()));
      }
      sink.take(name, new Field(what + " " + name, at(entry.getKeyNode()), values, lines));
    }
  }

  private MappingNode mapping(@Nullable Node node, String what) {
    if (node instanceof MappingNode mapping) {
      return mapping;
    }
    throw new ConfigException(
        node == null ? file.toString() : at(node),
        what + " should be a mapping",
        "Write NAME: {KEY: VALUE, ...}");
  }

  private String scalar(Node node, String what) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw new ConfigException(at(node), what + " should be a single value", "Write KEY: VALUE");
  }

  private String at(Node node) {
    return file + ":" + node.getStartMark().map(m -> m.getLine() + 1).orElse(1);
  }
}
