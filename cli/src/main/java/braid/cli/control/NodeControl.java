package braid.cli.control;

import braid.port.TapPoint;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// All that an operator can ask of a running node, and do to it. The node implements it; the
/// control socket ([ControlServer]) and the metrics ([MetricsServer]) use it and nothing else.
///
/// **Threads**: any, several at once. A call may wait for the worker, for the directory or, in
/// [#drainNic], for frames; an interrupt ends the wait. What changes the node is put in order by
/// the node.
///
/// **Errors**: [RefusedException] says what cannot be done and how to do it right; then nothing has
/// changed.
public interface NodeControl {
  /// Everything at one moment: guests, bonds, peers, ports with their counters, and what is wrong.
  NodeView.Status status();

  /// The bonds alone.
  default List<NodeView.Bond> bonds() {
    return status().bonds();
  }

  /// The NICs of all nodes, as the directory knows them. Never waits for another node: with the
  /// directory's majority gone this is the last map, marked stale.
  NodeView.NicMap nics();

  /// Hears of each new [#nics] until closed. The current map comes first. `listener` is called by
  /// one thread at a time and returns quickly.
  Watch watchNics(Consumer<NodeView.NicMap> listener);

  /// Makes `member` the one in use as long as it is healthy.
  ///
  /// @param member a member's name, or the empty text: the bond chooses again by its own rules
  /// @throws RefusedException when there is no such bond or member, the member is not healthy, or
  ///     the bond's mode knows no active member
  void setActive(String bond, String member);

  /// Changes how the bond spreads frames, without losing one.
  ///
  /// @param mode as in the configuration: `active-backup`, `balance-xor`, ...
  void setMode(String bond, String mode);

  /// Changes one option of the bond, without losing a frame.
  ///
  /// @param option a key of the bond in the configuration, such as `hash` or `primary`
  /// @param value  as in the configuration
  void setOption(String bond, String option, String value);

  /// Plugs in a NIC of this node: into the bonds that the specification names.
  void addNic(NodeView.NicSpec nic);

  /// Takes a NIC of this node out of its bonds, and closes it.
  ///
  /// @param force false refuses when it is the last usable member of a bond
  void removeNic(String name, boolean force);

  /// Moves traffic off a NIC of this node and returns when it holds no frame any more. It stays
  /// plugged in, unused, until [#undrainNic] or [#removeNic].
  ///
  /// @param patience how long to wait for frames to leave
  /// @throws RefusedException also when the time is over; the NIC then stays unused
  void drainNic(String name, Duration patience);

  /// Uses a drained NIC again.
  void undrainNic(String name);

  /// Reads the configuration file again, checks it whole, and applies what differs.
  ///
  /// @return what was changed, a line each; empty when nothing differs
  /// @throws RefusedException when the file is wrong, with file, line and remedy
  List<String> reload();

  /// Where the node tells what happens.
  EventHub events();

  /// Where frames can be watched, by the port's name. Ports come and go; this is a copy.
  Map<String, TapPoint> taps();

  /// A subscription; closing it ends it.
  @FunctionalInterface
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }
}
