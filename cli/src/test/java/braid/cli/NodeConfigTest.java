package braid.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class NodeConfigTest {
  @TempDir private Path dir;

  @Test
  void oneLineAndYamlMeanTheSame() throws IOException {
    NodeConfig fromOptions =
        options(
            "--nic a0=tap:brd-a0,bridge=br0,uplink=eth0 --guest vm1=/run/braid/vm1.sock,nic=a0,mtu=9000");
    Path file =
        yaml(
            "nics:\n  a0: {tap: brd-a0, bridge: br0, uplink: eth0}\n"
                + "guests:\n  vm1:\n    socket: /run/braid/vm1.sock\n    nic: a0\n    mtu: 9000\n");
    assertThat(NodeYaml.read(file)).isEqualTo(fromOptions);
  }

  @Test
  void aGuestHasAStableUnicastLocalMacOfItsName() {
    long mac = GuestSpec.option("vm1=/s,nic=a0").deviceMac();
    assertThat(mac).isEqualTo(GuestSpec.option("vm1=/t,nic=b0").deviceMac());
    assertThat(mac >> 40 & 3).as("local, unicast").isEqualTo(2);
    assertThat(mac).isNotEqualTo(GuestSpec.option("vm2=/s,nic=a0").deviceMac());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a0",
        "=tap:x",
        "a0=",
        "a0=tap:name-that-is-too-long",
        "a0=tap:",
        "a0=bridge=br0",
        "a b=tap:x",
        "a0=tap:x,brige=br0",
        "a0=tap:x,tap=y",
        "a0=tap:x,bridge"
      })
  void aBadNicIsRefusedWithItsPlace(String option) {
    assertThatThrownBy(() -> NicSpec.option(option))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--nic " + option);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vm1",
        "vm1=/s",
        "vm1=/s,nic=a0,mtu=67",
        "vm1=/s,nic=a0,mtu=x",
        "vm1=/s,nic=a0,mac=01:00:00:00:00:01",
        "vm1=/s,nic=a0,mac=1",
        "vm1=/s,nic=a0,mode=both",
        "vm1=/s,nic=a0,drop=101",
        "vm1=/s,nic=",
        "vm1=/s,nick=a0"
      })
  void aBadGuestIsRefusedWithItsPlace(String option) {
    assertThatThrownBy(() -> GuestSpec.option(option))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("--guest " + option);
  }

  @Test
  void aSocketPathThatLinuxCannotTakeIsRefused() {
    assertThatThrownBy(() -> GuestSpec.option("vm1=/" + "x".repeat(107) + ",nic=a0"))
        .hasMessageContaining("107 bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a0=tap:x | vm1=/s,nic=a1 | Did you mean 'a0'?",
        "a0=tap:x,uplink=eth0 | vm1=/s,nic=a0 | Add bridge=NAME"
      })
  void theWholeIsChecked(String nic, String guest, String remedy) {
    assertThatThrownBy(() -> options("--nic " + nic + " --guest " + guest))
        .hasMessageContaining(remedy);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nic a0=tap:x --nic a0=tap:y --guest vm1=/s,nic=a0 | two NICs are named 'a0'",
        "--nic a0=tap:x --nic b0=tap:x --guest vm1=/s,nic=a0 | use the TAP",
        "--nic a0=tap:x --guest vm1=/s,nic=a0 --guest vm1=/t,nic=a0 | two guests are named",
        "--nic a0=tap:x --guest vm1=/s,nic=a0 --guest vm2=/s,nic=a0 | use the socket",
        "--nic a0=tap:x --guest vm1=/s,nic=a0,mac=02:00:00:00:00:01 --guest vm2=/t,nic=a0,mac=02:00:00:00:00:01 | same MAC 02:00:00:00:00:01",
        "--nic a0=tap:x | no guest"
      })
  void nothingIsUsedTwice(String options, String message) {
    assertThatThrownBy(() -> options(options)).hasMessageContaining(message);
  }

  private static NodeConfig options(String text) {
    NodeOptions options = new NodeOptions();
    new CommandLine(options).parseArgs(text.split(" "));
    return options.read();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nics:\\n  a0: {tapp: x} | :2: unknown key 'tapp' for nic a0. Did you mean 'tap'?",
        "nisc: {} | :1: unknown key 'nisc' for the file. Did you mean 'nics'?",
        "nics: [a0] | :1: nics should be a mapping",
        "nics:\\n  a0: {tap: x\\n | not YAML",
        "guests:\\n  vm1:\\n    socket: /s\\n    nic: a0\\n    mtu: 10 | :5: 'mtu' of guest vm1 is '10'",
        "guests:\\n  vm1: {socket: /s, nic: {}} | :2: nic should be a single value",
        "guests:\\n  vm1: {nic: a0} | :2: guest vm1 lacks 'socket'",
        "spin: -1 | :1: 'spin' of the file is '-1'",
        "spin: 10 | no guest"
      })
  void yamlErrorsNameFileLineKeyAndRemedy(String text, String message) throws IOException {
    Path file = yaml(text.replace("\\n", "\n"));
    assertThatThrownBy(() -> NodeYaml.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void anAbsentFileIsNamed() {
    assertThatThrownBy(() -> NodeYaml.read(dir.resolve("none.yaml")))
        .hasMessageContaining("none.yaml")
        .hasMessageContaining("cannot be read");
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(dir.resolve("braid.yaml"), text);
  }
}
