package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ConfigDiffTest {
  private static final String BASE =
      "--node a --nic a0=tap:t0 --nic a1=tap:t1 --bond b=a0+a1,primary=a0"
          + " --guest vm1=/1,bond=b,mac=02:00:00:00:00:01 --guest vm2=/2,nic=a1";

  private static NodeConfig options(String text) {
    NodeOptions options = new NodeOptions();
    new CommandLine(options).parseArgs(text.split(" "));
    return options.read();
  }

  private static ConfigDiff from(String before, String after) {
    return ConfigDiff.between(options(before), options(after));
  }

  @Test
  void theSameTwiceIsNoDifference() {
    assertThat(from(BASE, BASE)).returns(true, ConfigDiff::isEmpty);
    assertThat(from(BASE, BASE).lines()).isEmpty();
  }

  @Test
  void whatComesGoesAndChangesIsTold() {
    String after =
        "--node a --nic a0=tap:t0 --nic a2=tap:t2 --bond b=a0+a2,primary=a0,hold=1s"
            + " --bond c=a2 --guest vm1=/1,bond=c,mac=02:00:00:00:00:01";
    ConfigDiff diff = from(BASE, after);
    assertThat(diff.lines())
        .containsExactly(
            "guest vm2 removed",
            "guest vm1 changed",
            "bond c added",
            "bond b changed",
            "nic a1 removed",
            "nic a2 added");
    assertThat(diff.nics().removed()).extracting(NicSpec::name).containsExactly("a1");
    assertThat(diff.nics().added()).extracting(NicSpec::name).containsExactly("a2");
    assertThat(diff.refused()).isEmpty();
  }

  @Test
  void aGuestMovesWithoutNoticingUnlessItsDeviceChanges() {
    ConfigDiff.Change<GuestSpec> moved =
        from(BASE, BASE.replace("vm2=/2,nic=a1", "vm2=/2,nic=a0,vlan=7,rate=100,anti-spoof=off"))
            .guests()
            .changed()
            .getFirst();
    assertThat(moved.before().sameDevice(moved.after())).isTrue();
    for (String other :
        List.of(
            "/3,nic=a1",
            "/2,nic=a1,mtu=1400",
            "/2,nic=a1,mode=client",
            "/2,nic=a1,drop=1",
            "/2,nic=a1,pcap=/f",
            "/2,nic=a1,mac=02:00:00:00:00:09")) {
      ConfigDiff.Change<GuestSpec> change =
          from(BASE, BASE.replace("vm2=/2,nic=a1", "vm2=" + other)).guests().changed().getFirst();
      assertThat(change.before().sameDevice(change.after())).as(other).isFalse();
    }
  }

  @Test
  void theOrderOfThingsIsNoDifference() {
    String other =
        "--node a --nic a1=tap:t1 --nic a0=tap:t0 --guest vm2=/2,nic=a1"
            + " --guest vm1=/1,bond=b,mac=02:00:00:00:00:01 --bond b=a0+a1,primary=a0";
    assertThat(from(BASE, other)).returns(true, ConfigDiff::isEmpty);
  }

  @Test
  void whatARunningNodeCannotChangeIsRefusedWhole() {
    for (Map.Entry<String, String> change :
        Map.of(
                "node", BASE.replace("--node a ", "--node z "),
                "control", BASE + " --control /c",
                "metrics", BASE + " --metrics 127.0.0.1:1",
                "fabric", BASE + " --fabric ca=c,cert=e,key=k",
                "directory", BASE + " --directory file:/d")
            .entrySet()) {
      ConfigDiff diff = from(BASE, change.getValue() + " --nic a9=tap:t9");
      assertThat(diff.refused()).containsExactly(change.getKey());
      assertThatThrownBy(() -> diff.requirePossible("x.yaml"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(
              "'" + change.getKey() + "' cannot be changed in a running node, so nothing was");
    }
    ConfigDiff spin = ConfigDiff.between(options(BASE), options(BASE).spin(7));
    assertThat(spin.refused()).containsExactly("spin");
  }
}
