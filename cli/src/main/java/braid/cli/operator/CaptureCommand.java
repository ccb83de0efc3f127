package braid.cli.operator;

import static braid.cli.control.RefusedException.Kind.FAILED;
import static braid.cli.control.RefusedException.Kind.INVALID;

import braid.cli.control.ControlClient;
import braid.cli.control.RefusedException;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `braid capture`.
@Command(
    name = "capture",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Watches the frames of ports while the node runs, until Ctrl-C. 'in' is what the port gave",
      "to the node, 'out' what it took."
    },
    footer = {
      "",
      "Examples:",
      "  braid capture vm1 --count 10",
      "  braid capture a0 -w - | tshark -r -",
      "  braid capture vm1 bond0 a0 -w way.pcapng",
      "",
      "Guests, bonds, NICs of this node and of others, and sessions of other nodes can be watched,",
      "by their names in 'braid status'. Frames are shown as they pass: not cut yet (GSO), with",
      "checksums that hardware is still to fill in. What the reader was too slow for is missing in",
      "the capture, never on the wire, and said at the end."
    })
public final class CaptureCommand implements Runnable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT).withZone(ZoneId.systemDefault());
  private static final long FINISH_MILLIS = 3_000;

  @Mixin private final Operator operator = new Operator();

  @Parameters(
      arity = "1..*",
      paramLabel = "PORT",
      description = "Ports of the node; their frames stay in order.")
  private List<String> ports = new ArrayList<>();

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE",
      description = "Write pcapng to this file, '-' for standard output, instead of a line each.")
  private @Nullable Path file;

  @Option(
      names = {"-c", "--count"},
      paramLabel = "N",
      description = "End after N frames; default: never.")
  private @Nullable Long count;

  @Option(
      names = {"-s", "--snaplen"},
      paramLabel = "BYTES",
      description = "Keep so many bytes of each frame; default: all.")
  private @Nullable Integer snapLength;

  /// Made by picocli.
  public CaptureCommand() {}

  @Override
  public void run() {
    JsonObject args = arguments();
    try (ControlClient client = operator.connect()) {
      endOnSignal(client);
      JsonObject end = file == null ? show(client, args) : write(client, args, file);
      operator
          .err()
          .println(
              "%d frames captured, %d missing because the reader was too slow"
                  .formatted(end.getLong("captured", 0), end.getLong("lost", 0)));
    }
  }

  private JsonObject arguments() {
    JsonArray names = new JsonArray();
    ports.forEach(names::add);
    JsonObject args = new JsonObject().add("ports", names);
    if (count != null) {
      if (count < 1) {
        throw new RefusedException(INVALID, "--count " + count, "Give 1 or more.");
      }
      args.add("count", count);
    }
    if (snapLength != null) {
      args.add("snap_length", snapLength);
    }
    return args;
  }

  /// On Ctrl-C the node sends what it still has, so that the file ends with a whole block.
  private static void endOnSignal(ControlClient client) {
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  client.stop();
                  try {
                    main.join(FINISH_MILLIS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
  }

  private JsonObject write(ControlClient client, JsonObject args, Path target) {
    boolean stdout = target.toString().equals("-");
    if (stdout && Terminal.present()) {
      throw new RefusedException(
          INVALID, "-w -: standard output is a terminal", "Pipe it, or give a file.");
    }
    try (OutputStream out =
        stdout ? new FileOutputStream(FileDescriptor.out) : Files.newOutputStream(target)) {
      return client.stream("capture", args, item -> out.write(data(item)));
    } catch (IOException e) {
      throw new RefusedException(
          FAILED, target + " cannot be written (" + e.getMessage() + ")", "The capture has ended.");
    }
  }

  private static byte[] data(JsonObject item) throws IOException {
    try {
      return Base64.getDecoder().decode(item.getString("data", ""));
    } catch (IllegalArgumentException e) {
      throw new IOException("the node sent no base64", e);
    }
  }

  private JsonObject show(ControlClient client, JsonObject args) {
    PacketBlocks blocks = new PacketBlocks();
    try {
      return client.stream("capture", args, item -> blocks.add(data(item), this::show));
    } catch (IOException e) {
      throw new RefusedException(FAILED, e.getMessage() + "", "The capture has ended.");
    }
  }

  private void show(PacketBlocks.Packet packet) throws IOException {
    Instant time = Instant.ofEpochSecond(0, packet.nanos());
    String direction = packet.inbound() ? "in" : "out";
    if (operator.json()) {
      operator.print(
          new JsonObject()
              .add("time", time.toString())
              .add("port", packet.port())
              .add("direction", direction)
              .add("length", packet.length())
              .add("text", packet.text())
              .toString());
    } else {
      String name = ports.size() > 1 ? packet.port() + " " : "";
      operator.print(
          "%s %s%-3s %5d  %s"
              .formatted(TIME.format(time), name, direction, packet.length(), packet.text()));
    }
    if (operator.out().checkError()) {
      throw new IOException("the reader of the output is gone");
    }
  }
}
