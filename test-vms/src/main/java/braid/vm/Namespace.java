package braid.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A network namespace made by `ip netns`, removed with all that is in it when closed.
///
/// Interfaces are made inside namespaces only, never in the machine's own network, and each gets an
/// index that no other interface of this JVM has. The index matters: the kernel delays carrier
/// events of a veth pair by up to a second if both ends, in different namespaces, happen to have
/// the same one.
public final class Namespace implements AutoCloseable {
  private static final AtomicInteger NEXT_INDEX = new AtomicInteger(1000);

  private final String name;

  private Namespace(String name) {
    this.name = name;
  }

  static Namespace create(String name) {
    Testbed.run(List.of("ip", "netns", "add", name));
    Namespace made = new Namespace(name);
    made.ip("link", "set", "lo", "up");
    return made;
  }

  /// As `ip netns` knows it.
  public String name() {
    return name;
  }

  /// An interface index nobody else has.
  static String freshIndex() {
    return Integer.toString(NEXT_INDEX.getAndIncrement());
  }

  /// Runs `ip -n NAME ARGUMENTS`.
  ///
  /// @param arguments of ip(8)
  /// @return what it printed
  public String ip(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ip", "-n", name));
    command.addAll(List.of(arguments));
    return Testbed.run(command);
  }

  /// Runs a short command inside, to its end.
  ///
  /// @param command program and arguments
  /// @return what it printed
  public String run(String... command) {
    return Testbed.run(within(List.of(command)));
  }

  /// The command line that runs a program inside.
  ///
  /// @param command program and arguments
  /// @return to be given to a [ProcessBuilder]
  public List<String> within(List<String> command) {
    List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name));
    whole.addAll(command);
    return whole;
  }

  /// Joins this namespace with another by a veth pair; both ends are up.
  ///
  /// @param here name of this end
  /// @param other where the other end is
  /// @param there name of the other end
  public void veth(String here, Namespace other, String there) {
    ip(
        "link",
        "add",
        "name",
        here,
        "index",
        freshIndex(),
        "type",
        "veth",
        "peer",
        "name",
        there,
        "index",
        freshIndex(),
        "netns",
        other.name);
    ip("link", "set", here, "up");
    other.ip("link", "set", there, "up");
  }

  /// Makes a TAP interface, up, for a process that attaches to it by name.
  ///
  /// @param interfaceName its name
  public void tap(String interfaceName) {
    ip("tuntap", "add", "dev", interfaceName, "mode", "tap");
    ip("link", "set", interfaceName, "up");
  }

  /// Gives an interface an address.
  ///
  /// @param interfaceName its name
  /// @param address with prefix length, as 10.0.0.1/24
  public void address(String interfaceName, String address) {
    ip("address", "add", address, "dev", interfaceName);
  }

  @Override
  public void close() {
    remove(name);
  }

  /// Ends what still runs inside, by id, and removes the namespace.
  static void remove(String name) {
    Testbed.run(List.of("ip", "netns", "pids", name))
        .lines()
        .map(Long::parseLong)
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .forEach(ProcessHandle::destroyForcibly);
    Testbed.run(List.of("ip", "netns", "delete", name));
  }

  @Override
  public String toString() {
    return "namespace " + name;
  }
}
