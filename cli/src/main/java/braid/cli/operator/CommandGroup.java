package braid.cli.operator;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// A command that only has subcommands: alone it is incomplete input, exit code 2.
abstract class CommandGroup implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  CommandGroup() {}

  @Override
  public void run() {
    if (spec != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }
  }
}
