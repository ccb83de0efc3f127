package braid.cli;

import picocli.CommandLine.Command;

/// `braid rehearse`: does what a node does before its first guest, and nothing else. With it the
/// build trains the archive of loaded classes.
@Command(
    name = "rehearse",
    mixinStandardHelpOptions = true,
    hidden = true,
    description = "Goes through a guest's session without a guest, and ends.",
    footer = {"", "Example:", "  braid rehearse"})
final class RehearseCommand implements Runnable {
  @Override
  public void run() {
    Rehearsal.run();
  }
}
