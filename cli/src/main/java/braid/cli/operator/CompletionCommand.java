package braid.cli.operator;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `braid completion`.
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Prints a script that completes braid's commands and options in bash and zsh.",
    footer = {
      "",
      "Example:",
      "  source <(braid completion)",
      "  braid completion >/etc/bash_completion.d/braid"
    })
public final class CompletionCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  /// Made by picocli.
  public CompletionCommand() {}

  @Override
  public void run() {
    if (spec != null) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(AutoComplete.bash("braid", spec.root().commandLine()));
      out.flush();
    }
  }
}
