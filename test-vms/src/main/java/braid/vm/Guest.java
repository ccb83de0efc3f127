package braid.vm;

import java.time.Duration;

/// A running virtual machine that takes commands.
public sealed interface Guest extends AutoCloseable permits QemuVm, UmlVm {
  /// Time that a boot may take on a busy machine; it takes a few seconds on an idle one.
  Duration BOOT = Duration.ofMinutes(2);

  /// The process of the machine.
  Child process();

  /// Runs commands inside. The agent answers once the guest is ready.
  Agent agent();

  /// Waits until the guest's init has done its work.
  ///
  /// @param timeout for instance [#BOOT]
  void awaitReady(Duration timeout);

  /// Runs a shell script in the guest that must succeed within a minute.
  ///
  /// @param script for /bin/sh
  /// @return its output
  default String check(String script) {
    return agent().check(script, Duration.ofMinutes(1));
  }

  /// Ends the machine.
  @Override
  void close();
}
