package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import braid.cli.control.ControlServer;
import braid.cli.control.NodeEvent;
import braid.cli.control.TestNode;
import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// Each command as a user types it, through the socket, to a node and back.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OperatorCommandsTest {
  private static final int COLUMNS = 100;

  @TempDir Path directory;

  private final TestNode node = new TestNode();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path path;
  private ControlServer server;

  @BeforeEach
  void listen() {
    path = directory.resolve("node.sock");
    server = ControlServer.open(path, node);
    await().until(() -> node.bonds().getFirst().active().equals("a0"));
  }

  @AfterEach
  void close() {
    server.close();
    node.close();
  }

  private int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Braid.commandLine(words[0])
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  /// Runs a command on the test's node.
  private int braid(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--socket", path.toString()));
    return run(all.toArray(String[]::new));
  }

  private String table(String... words) {
    assertThat(braid(words)).as("%s", err).isZero();
    assertThat(out.toString().lines()).allMatch(line -> line.length() <= COLUMNS);
    return out.toString();
  }

  private JsonValue json(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("-o", "json"));
    assertThat(braid(all.toArray(String[]::new))).as("%s", err).isZero();
    return Json.parse(out.toString());
  }

  private void assertRefused(int code, String... parts) {
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).startsWith("braid: ").contains(parts);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(code).isIn(1, 2);
  }

  @Test
  void statusAsTable() {
    node.warnings.add("nic a1 has no carrier");
    assertThat(table("status"))
        .contains("node       node-a, braid 0.1.0, pid 4711, up ")
        .contains("config     /etc/braid/braid.yaml, applied ")
        .contains("directory  file, map 7, fresh, nodes: node-a node-b")
        .contains("WARNING    nic a1 has no carrier")
        .contains("vm1    attached  02:00:00:00:00:01  1500  bond0   /run/braid/vm1.sock")
        .contains("bond0  active-backup  up        -  a0      a0, a1")
        .contains("node-b  lost")
        .contains("no sign of life for 35 ms")
        .contains("PORT   KIND   LINK  SPEED  RX  RX BYTES  TX  TX BYTES  DROPS");
  }

  @Test
  void statusAsJson() {
    JsonObject status = json("status").asObject();
    assertThat(status.getString("node", "")).isEqualTo("node-a");
    assertThat(status.getString("started_at", "")).isEqualTo("2026-01-02T03:04:05Z");
    assertThat(status.get("peers").asArray().get(0).asObject().getString("state", ""))
        .isEqualTo("lost");
    assertThat(status.get("ports").asArray().size()).isEqualTo(4);
  }

  @Test
  void textThatComesFromElsewhereCannotDriveTheTerminal() {
    node.warnings.add("peer says \u001b[2J\u009b1m\u202ehello\nnext");
    assertThat(table("status")).contains("peer says \ufffd[2J\ufffd1m\ufffdhello\ufffdnext");
  }

  @Test
  void bondShow() {
    assertThat(table("bond", "show"))
        .contains("bond  bond0, active-backup")
        .contains("link  up, speed unknown, active a0")
        .contains("hold  500")
        .contains("   MEMBER  NODE    STATE  LINK  SPEED  PRIO  FAILURES  MISSED  SILENCE")
        .contains("*  a0      node-a  up     up        -     0         0       0        -");
    assertThat(json("bond", "show", "bond0").asArray().get(0).asObject().getString("active", ""))
        .isEqualTo("a0");
    assertRefused(braid("bond", "show", "bond9"), "no bond 'bond9'", "Known: bond0");
  }

  @Test
  void bondSetActiveMovesTheBond() {
    assertThat(table("bond", "set-active", "bond0", "a1")).isEqualTo("bond0: active a1\n");
    assertThat(node.bonds().getFirst().active()).isEqualTo("a1");
    assertThat(json("bond", "set-active", "bond0", "a0").asObject()).isEmpty();
    assertThat(braid("bond", "set-active", "bond0", "zz")).isEqualTo(1);
    assertRefused(1, "member 'zz' is not healthy", "See braid bond show.");
    assertThat(braid("bond", "set-active", "bond7", "a0")).isEqualTo(2);
    assertThat(braid("bond", "set-active", "bond0")).as("usage").isEqualTo(2);
  }

  @Test
  void bondSetModeAndOptions() {
    assertThat(table("bond", "set-mode", "bond0", "flowlet")).isEqualTo("bond0: mode flowlet\n");
    assertThat(table("bond", "show")).contains("bond0, flowlet");
    assertThat(braid("bond", "set-mode", "bond0", "fast")).isEqualTo(2);
    assertRefused(2, "mode is one of");
    assertThat(table("bond", "set", "bond0", "hold=900", "primary=a1"))
        .isEqualTo("bond0: hold 900\nbond0: primary a1\n");
    assertThat(node.options).containsEntry("hold", "900").containsEntry("primary", "a1");
    assertThat(braid("bond", "set", "bond0", "hold")).isEqualTo(2);
    assertRefused(2, "'hold' is not OPTION=VALUE");
  }

  @Test
  void nicsAsTableFreshAndStale() {
    assertThat(table("nics"))
        .startsWith("map 7, fresh\n")
        .contains("NODE    NIC  KIND    MAC                LINK  SPEED   MTU  LOAD  OFFLOADS")
        .contains("node-a  a0   tap     02:00:00:00:00:10  up       1G  1500   12%  csum,tso4")
        .contains("node-b  b0   packet  02:00:00:00:00:20  down      -  9000    0%  -");
    node.publish(TestNode.nicMap(8, true));
    assertThat(table("nics")).startsWith("map 8, STALE for ").contains("1 of 3 nodes");
    assertThat(json("nics").asObject().getBoolean("stale", false)).isTrue();
  }

  @Test
  void nicsWatchPrintsEachMapUntilTheNodeGoes() throws InterruptedException {
    Thread watch = Thread.ofPlatform().start(() -> braid("nics", "--watch", "-o", "json"));
    await().until(() -> out.toString().contains("\"version\":7"));
    node.publish(TestNode.nicMap(8, true));
    await().until(() -> out.toString().contains("\"version\":8"));
    server.close();
    watch.join();
    assertThat(out.toString().lines()).hasSize(2);
    assertThat(err.toString()).contains("is gone");
  }

  @Test
  void nicAddRemoveDrain() {
    assertThat(table("nic", "add", "a2=tap:brd-a2,bridge=br0")).isEqualTo("nic a2: added\n");
    assertThat(node.options).containsEntry("nic a2", "{tap=brd-a2, bridge=br0}");
    assertThat(braid("nic", "add", "a2=packet:eth0")).isEqualTo(2);
    assertRefused(2, "lacks 'tap'");
    assertThat(braid("nic", "add", "a2")).isEqualTo(2);
    assertRefused(2, "not NAME=KIND:IFNAME");
    assertThat(table("nic", "drain", "a1")).isEqualTo("nic a1: drained, it holds no frame\n");
    assertThat(node.options).containsEntry("drained a1", "PT10S");
    assertThat(table("bond", "show")).contains("draining");
    assertThat(table("nic", "drain", "a1", "--undo")).isEqualTo("nic a1: in use again\n");
    assertThat(braid("nic", "drain", "a1", "--timeout", "4000")).isEqualTo(2);
    node.neverDrained = true;
    assertThat(braid("nic", "drain", "a1", "--timeout", "0")).isEqualTo(1);
    assertRefused(1, "still holds 3 frames");
    assertThat(braid("nic", "remove", "a0")).isEqualTo(1);
    assertRefused(1, "last usable member", "--force");
    assertThat(table("nic", "remove", "a0", "--force")).isEqualTo("nic a0: removed\n");
  }

  @Test
  void reload() {
    assertThat(table("reload")).isEqualTo("nic a2: added\nbond bond0: hold 1000\n");
    assertThat(json("reload").asObject().get("changes").asArray().size()).isEqualTo(2);
    node.reloadChanges = List.of();
    assertThat(table("reload")).isEqualTo("nothing differs\n");
    node.reloadRefuses = true;
    assertThat(braid("reload")).isEqualTo(2);
    assertRefused(2, "braid.yaml:7", "Did you mean 'nics'?");
  }

  @Test
  void eventsOfThePast() {
    await().until(() -> !table("events").isEmpty());
    node.events().publish(new NodeEvent.FabricLost("node-b", "10.9.0.2:7470", "killed"));
    await()
        .untilAsserted(
            () ->
                assertThat(table("events"))
                    .contains("   bond0: none -> a0 (first), resent 0, dropped 0\n")
                    .contains(" ! fabric: node-b at 10.9.0.2:7470 is lost: killed\n"));
    JsonValue last = json("events", "-n", "1");
    assertThat(last.asObject().getString("type", "")).isEqualTo("fabric-lost");
    assertThat(last.asObject().getString("reason", "")).isEqualTo("killed");
    assertThat(last.asObject().getBoolean("warning", false)).isTrue();
    assertThat(braid("events", "-n", "300")).isEqualTo(2);
  }

  @Test
  void eventsFollowed() throws InterruptedException {
    Thread follow = Thread.ofPlatform().start(() -> braid("events", "-f", "-n", "0", "-o", "json"));
    await()
        .until(
            () -> {
              node.events().publish(new NodeEvent.GuestAttached("vm7"));
              return out.toString().contains("\"guest\":\"vm7\"");
            });
    node.carrier("a0", false);
    await().until(() -> out.toString().contains("\"type\":\"active-changed\""));
    server.close();
    follow.join();
    assertThat(out.toString().lines()).allMatch(line -> Json.parse(line).isObject());
  }

  @Test
  void captureShowsALineForEachFrame() throws InterruptedException {
    Thread capture = Thread.ofPlatform().start(() -> braid("capture", "vm1", "-c", "3"));
    await().until(() -> node.taps().get("vm1").attached() == 1);
    byte[] frame = new byte[60];
    frame[5] = 2;
    frame[12] = 8;
    frame[13] = 6;
    for (int i = 0; i < 3; i++) {
      node.sendFromGuest(frame);
    }
    capture.join();
    assertThat(out.toString().lines()).hasSize(3);
    assertThat(out.toString())
        .contains("in     60  00:00:00:00:00:00 > 00:00:00:00:00:02 ARP reply for 0.0.0.0");
    assertThat(err.toString()).contains("3 frames captured, 0 missing");
    assertThat(node.sweep()).isEqualTo(3);
  }

  @Test
  void captureOfSeveralPortsKeepsTheOrder() throws InterruptedException {
    Thread capture =
        Thread.ofPlatform()
            .start(() -> braid("capture", "vm1", "bond0", "a0", "-c", "3", "-o", "json"));
    await().until(() -> node.taps().get("a0").attached() == 1);
    node.sendFromGuest(new byte[60]);
    capture.join();
    assertThat(out.toString().lines().map(line -> Json.parse(line).asObject()))
        .extracting(line -> line.getString("port", "") + " " + line.getString("direction", ""))
        .containsExactly("vm1 in", "bond0 out", "a0 out");
    assertThat(node.sweep()).isEqualTo(1);
  }

  @Test
  void captureIntoAFile() throws Exception {
    Path file = directory.resolve("a.pcapng");
    Thread capture =
        Thread.ofPlatform()
            .start(() -> braid("capture", "a0", "-w", file.toString(), "-c", "2", "-s", "32"));
    await().until(() -> node.taps().get("a0").attached() == 1);
    node.sendFromGuest(new byte[100]);
    node.sendFromGuest(new byte[100]);
    capture.join();
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).contains("2 frames captured");
    assertThat(Files.readAllBytes(file)).startsWith(0x0a, 0x0d, 0x0d, 0x0a);
    assertThat(node.sweep()).isEqualTo(2);
  }

  @Test
  void captureRefused() {
    assertThat(braid("capture", "zz")).isEqualTo(2);
    assertRefused(2, "no port 'zz'", "Known: a0, a1, bond0, vm1");
    assertThat(braid("capture", "vm1", "-c", "0")).isEqualTo(2);
    assertThat(braid("capture", "vm1", "-s", "70000")).isEqualTo(2);
    assertThat(braid("capture", "vm1", "-w", directory.toString())).isEqualTo(1);
    assertRefused(1, "cannot be written");
    assertThat(braid("capture")).isEqualTo(2);
  }

  @Test
  void withoutANodeEveryCommandSaysWhatToDo() {
    for (String[] words :
        new String[][] {
          {"status"},
          {"bond", "show"},
          {"nics"},
          {"nic", "remove", "a0"},
          {"reload"},
          {"events"},
          {"capture", "vm1"}
        }) {
      List<String> all = new ArrayList<>(List.of(words));
      all.addAll(List.of("--socket", directory.resolve("no.sock").toString()));
      assertThat(run(all.toArray(String[]::new))).isEqualTo(1);
      assertRefused(1, "no node listens at", "--socket");
    }
  }

  @Test
  void unknownOutputAndIncompleteCommandsAreUsageErrors() {
    assertThat(braid("status", "-o", "xml")).isEqualTo(2);
    assertThat(run("bond")).isEqualTo(2);
    assertThat(run("nic")).isEqualTo(2);
    assertThat(run("config")).isEqualTo(2);
    assertThat(run("statsu")).isEqualTo(2);
    assertThat(err.toString()).contains("status");
  }

  @Test
  void configCheck() throws IOException {
    Path good =
        Files.writeString(
            directory.resolve("good.yaml"),
            "nics:\n  a0: {tap: brd-a0}\nguests:\n  vm1: {socket: /run/braid/vm1.sock, nic: a0}\n");
    assertThat(run("config", "check", good.toString())).as("%s", err).isZero();
    assertThat(out.toString()).contains("good");
    Path bad = Files.writeString(directory.resolve("bad.yaml"), "nicz: {}\n");
    assertThat(run("config", "check", bad.toString())).isEqualTo(2);
    assertRefused(2, "bad.yaml:1", "Did you mean 'nics'");
    assertThat(run("config", "check", directory.resolve("no.yaml").toString())).isEqualTo(2);
  }

  @Test
  void completionIsAScriptThatKnowsTheCommands() {
    assertThat(run("completion")).isZero();
    assertThat(out.toString()).contains("set-active").contains("complete -F");
  }

  @Test
  void aCommandAloneIsTheSameAsAmongAll() {
    CommandLine all = Braid.commandLine();
    for (String name : all.getSubcommands().keySet()) {
      CommandLine found = Braid.commandLine(name).getSubcommands().get(name);
      assertThat(found.getUsageMessage())
          .isEqualTo(all.getSubcommands().get(name).getUsageMessage());
      assertThat(found.getCommandSpec().userObject().getClass())
          .isEqualTo(all.getSubcommands().get(name).getCommandSpec().userObject().getClass());
    }
    assertThat(Braid.commandLine("help").getSubcommands()).hasSameSizeAs(all.getSubcommands());
  }

  @Test
  void everyCommandHasHelpWithAnExample() {
    assertHelp(Braid.commandLine(), "braid");
  }

  private void assertHelp(CommandLine command, String name) {
    for (var entry : command.getSubcommands().entrySet()) {
      String full = name + " " + entry.getKey();
      CommandLine sub = entry.getValue();
      if (!entry.getKey().equals("help")) {
        String help = sub.getUsageMessage(CommandLine.Help.Ansi.OFF);
        assertThat(help).as(full).contains("Example").contains("  braid ");
        assertThat(help.lines()).as(full).allMatch(line -> line.length() <= COLUMNS);
        assertHelp(sub, full);
      }
    }
  }
}
