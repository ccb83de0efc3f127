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

/// Every message about a wrong file: place, thing, key, remedy. In the tables `;` is a new line.
class ConfigErrorsTest {
  private static final String REST = ";nics: {a0: {tap: t}};guests: {vm1: {socket: /s, nic: a0}}";

  @TempDir private Path dir;

  private void refused(String text, String message) throws IOException {
    Path file = Files.writeString(dir.resolve("braid.yaml"), text.replace(';', '\n'));
    assertThatThrownBy(() -> NodeYaml.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "node: a b | :1: 'a b' is no name. Use up to 63 letters",
        "spin: often | :1: 'spin' of the file is 'often'. Give a whole number from 0 to 1000000",
        "spin: [1] | :1: spin should be a single value",
        "bnods: {} | :1: unknown key 'bnods' for the file. Did you mean 'bonds'?",
        "nics: {};nics: {} | :2: key 'nics' is given twice. Keep one",
      })
  void theWholeFile(String text, String message) throws IOException {
    refused(text + REST, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{tap: t, mtu: 67} | 'mtu' of nic a0 is '67'. Give a whole number from 68 to 65535",
        "{tap: t, speed: 0} | 'speed' of nic a0 is '0'. Give a whole number from 1",
        "{tap: t, speed: fast} | 'speed' of nic a0 is 'fast'",
        "{tap: t, mac: 01:00:00:00:00:01} | 'mac' of nic a0 is '01:00:00:00:00:01'. Give a unicast",
        "{tap: t, uplink: eth0} | nic 'a0' has an uplink but no bridge. Add bridge=NAME",
        "{tap: 'a/b'} | 'tap' of nic a0 is 'a/b'. An interface name has 1 to 15 characters",
        "{tap: t, bridge: ''} | key 'bridge' of nic a0 is empty",
        "{tap: t, tapp: u} | unknown key 'tapp' for nic a0. Did you mean 'tap'?",
        "{tap: t, tap: u} | key 'tap' is given twice",
        "{tap: [t]} | tap should be a single value",
        "{} | nic a0 lacks 'tap'. For instance tap=brd-a0"
      })
  void aNic(String nic, String message) throws IOException {
    refused("nics:;  a0: " + nic + ";guests: {vm1: {socket: /s, nic: a0}}", ":2: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{socket: /s} | guest vm1 lacks 'nic'. For instance nic=a0 (or bond=bond0)",
        "{socket: /s, nic: a0, bond: b} | guest vm1 has both 'nic' and 'bond'. Keep one",
        "{socket: /s, bond: bnd} | guest 'vm1' wants the unknown bond 'bnd'. Add --bond bnd=",
        "{socket: /s, nic: a1} | guest 'vm1' wants the unknown NIC 'a1'. Did you mean 'a0'?",
        "{socket: /s, nic: a0, vlan: 4095} | 'vlan' of guest vm1 is '4095'. Give a whole number from 1 to 4094",
        "{socket: /s, nic: a0, vlan: 0} | 'vlan' of guest vm1 is '0'",
        "{socket: /s, nic: a0, rate: 0} | 'rate' of guest vm1 is '0'",
        "{socket: /s, nic: a0, anti-spoof: maybe} | 'anti-spoof' of guest vm1 is 'maybe'. Give on or off",
        "{socket: /s, nic: a0, anti-spof: on} | unknown key 'anti-spof' for guest vm1. Did you mean 'anti-spoof'?",
        "{socket: /s, nic: a0, mode: both} | 'mode' of guest vm1 is 'both'. Choose one of server, client",
        "{socket: /s, nic: a0, drop: 101} | 'drop' of guest vm1 is '101'. Give a whole number from 0 to 100",
        "{socket: /s, nic: a0, allow: [02:00:00:00:00:05]} | guest 'vm1' has 'allow' without 'mac'",
        "{socket: /s, nic: a0, anti-spoof: off, allow: [02:00:00:00:00:05]} | guest 'vm1' has 'allow' without 'anti-spoof'",
        "{socket: /s, nic: a0, mac: 02:00:00:00:00:01, allow: [x]} | 'allow' of guest vm1 is 'x'",
        "{socket: /s, nic: a0, mtu: 9000} | guest 'vm1' has an MTU of 9000, more than the 1500 of nic 'a0'",
        "{socket: /s, nic: a0, mac: 02:00:00:00:00:aa} | guest 'vm1' and nic 'a0' have the same MAC 02:00:00:00:00:aa"
      })
  void aGuest(String guest, String message) throws IOException {
    refused(
        "nics: {a0: {tap: t, mtu: 1500, mac: 02:00:00:00:00:aa}};guests:;  vm1: " + guest,
        ":3: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | bond b lacks 'members'. For instance members=a0+b/b0",
        "{members: []} | bond b lacks 'members'",
        "{members: [a0, a0]} | 'members' of bond b has 'a0' twice",
        "{members: {a: b}} | members should be a list",
        "{members: [a9]} | bond 'b' wants the unknown NIC 'a9'. Did you mean 'a0'?",
        "{members: [a/b/c]} | member 'a/b/c' of bond b is no NIC",
        "{members: [b/b0]} | bond 'b' wants NICs of other nodes (b/b0), and there is no directory",
        "{members: '*'} | bond 'b' wants NICs of other nodes (*), and there is no directory",
        "{members: a0, primary: a1} | 'primary' of bond b is 'a1', which is no member. Did you mean 'a0'?",
        "{members: a0, priorities: {a1: 5}} | 'priorities' of bond b names 'a1', which is no member",
        "{members: a0, priorities: {a0: high}} | 'priorities' of bond b is 'high'",
        "{members: a0, priorities: [a0]} | 'a0' in 'priorities' of bond b is not NAME:VALUE",
        "{members: a0, mode: active} | 'mode' of bond b is 'active'. Choose one of active-backup, balance-rr",
        "{members: a0, monitors: none} | 'monitors' of bond b is 'none'. A bond without a check sends into dead paths",
        "{members: a0, monitors: [carrier, cmc]} | 'monitors' of bond b has the unknown 'cmc'. Did you mean 'ccm'?",
        "{members: a0, monitors: [arp]} | 'monitors' of bond b has arp, which lacks 'arp-target'",
        "{members: a0, monitors: [carrier], ccm: 10ms} | 'ccm' of bond b conflicts with its 'monitors', which lacks ccm",
        "{members: a0, arp-target: 1.2.3} | 'arp-target' of bond b: not an IPv4 address",
        "{members: a0, arp-interval: 10} | 'arp-interval' of bond b is given without 'arp-target'",
        "{members: a0, arp-target: 10.0.0.1, ns-target: 'fd00::1'} | bond b has both 'arp-target' and 'ns-target'",
        "{members: a0, ns-target: 10.0.0.1} | 'ns-target' of bond b",
        "{members: a0, ccm: 5ms} | 'ccm' of bond b is '5ms'. Choose one of 3.33ms, 10ms",
        "{members: a0, hold: 2h} | 'hold' of bond b is '2h'. Give 0 to 3600s, in us, ms",
        "{members: a0, hold: 60s, hold-max: 30s} | 'hold-max' of bond b is less than its 'hold'",
        "{members: a0, announce-count: 11} | 'announce-count' of bond b is '11'",
        "{members: a0, announce-interval: 0} | 'announce-interval' of bond b is '0'. Give 1ms to 10s",
        "{members: a0, grace: -1} | 'grace' of bond b is '-1'",
        "{members: a0, hash: layer2} | 'hash' of bond b means nothing in mode active-backup. Remove it, or choose the mode of balance-xor, 802.3ad",
        "{members: a0, mode: balance-xor, hash: layer5} | 'hash' of bond b is 'layer5'. Choose one of layer2, layer2+3",
        "{members: a0, flowlet-gap: 1ms} | 'flowlet-gap' of bond b means nothing in mode active-backup",
        "{members: a0, mode: flowlet, local-full: 0} | 'local-full' of bond b is '0'",
        "{members: a0, mode: balance-xor, lacp-rate: fast} | 'lacp-rate' of bond b means nothing in mode balance-xor",
        "{members: a0, mode: 802.3ad, lacp-rate: medium} | 'lacp-rate' of bond b is 'medium'. Choose one of slow, fast",
        "{members: a0, mode: 802.3ad, min-links: 65} | 'min-links' of bond b is '65'",
        "{members: a0, primry: a0} | unknown key 'primry' for bond b. Did you mean 'primary'?"
      })
  void aBond(String bond, String message) throws IOException {
    refused(
        "nics: {a0: {tap: t}};bonds:;  b: " + bond + ";guests: {vm1: {socket: /s, bond: b}}",
        ":3: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fabric: {listen: '10.0.0.1:7440'} | :1: fabric lacks 'ca'",
        "fabric: {listen: here, ca: c, cert: e, key: k} | :1: 'listen' of fabric is 'here'. Give ADDRESS:PORT",
        "fabric: {listen: '0.0.0.0:7440', ca: c, cert: e, key: k} | :1: 'listen' of the fabric is 0.0.0.0:7440, which tells other nodes nothing",
        "fabric: {listen: '[::]:7440', ca: c, cert: e, key: k} | which tells other nodes nothing",
        "fabric: {listen: '10.0.0.1:7440', ca: c, cert: e, key: k} | :1: the fabric listens at 10.0.0.1:7440, but no directory",
        "fabric: {ca: c, cert: e, key: k, transport: tcp} | 'transport' of fabric is 'tcp'. Choose one of auto, io_uring, epoll, nio",
        "fabric: {ca: c, cert: e, key: k, window: 255} | 'window' of fabric is '255'. Give a whole number from 256",
        "fabric: {ca: c, cert: e, keyy: k} | unknown key 'keyy' for fabric. Did you mean 'key'?",
        "fabric: on | :1: fabric should be a mapping",
        "directory: {kind: etcd} | :1: 'kind' of directory is 'etcd'. Choose one of file, jgroups",
        "directory: {kind: file, bind: '10.0.0.1:1'} | 'bind' means nothing to a directory of kind file",
        "directory: {kind: jgroups, path: /x} | 'path' means nothing to a directory of kind jgroups",
        "directory: {kind: jgroups} | directory lacks 'bind'",
        "directory: {kind: jgroups, bind: '10.0.0.1:7441'} | directory lacks 'members'",
        "directory: {kind: jgroups, bind: '10.0.0.1:7441', members: {a: here}} | 'members' of the directory has 'here'",
        "directory: {kind: jgroups, bind: '10.0.0.1:7441', members: [a]} | 'a' in 'members' of directory is not NAME@VALUE",
        "directory: {kind: jgroups, bind: '10.0.0.1:7441', members: {a: '10.0.0.1:7441'}} | needs certificates, and there is no fabric",
        "control: {path: /c} | unknown key 'path' for control. Known: socket",
        "control: {} | control lacks 'socket'",
        "metrics: {listen: 9440} | 'listen' of metrics is '9440'",
        "metrics: here | 'listen' of metrics is 'here'"
      })
  void theCluster(String section, String message) throws IOException {
    refused(section + REST, message);
  }

  @Test
  void aListIsNoConfiguration() throws IOException {
    refused("- a", ":1: the file should be a mapping");
    refused("", "the file is empty");
  }

  @Test
  void aMemberOfAnotherNodeNeedsTheFabricToo() throws IOException {
    refused(
        "node: a;nics: {a0: {tap: t}};bonds:;  b: {members: [a0, b/b0]}"
            + ";guests: {vm1: {socket: /s, bond: b}};directory: {kind: file}",
        ":4: bond 'b' wants NICs of other nodes (b/b0), and there is no fabric to reach them");
  }

  @Test
  void namesAreGivenOnceAndAddressesBelongToOne() throws IOException {
    refused(
        "nics:;  a0: {tap: t};  b0: {tap: t};guests: {vm1: {socket: /s, nic: a0}}",
        ":3: two NICs use the TAP 't'");
    refused(
        "nics:;  a0: {tap: t, mac: 02:00:00:00:00:01};  b0: {tap: u, mac: 02:00:00:00:00:01}"
            + ";guests: {vm1: {socket: /s, nic: a0}}",
        ":3: NICs 'a0' and 'b0' have the same MAC 02:00:00:00:00:01");
    refused(
        "nics:;  a0: {tap: t, bridge: br0, uplink: e};  b0: {tap: u, bridge: br1, uplink: e}"
            + ";guests: {vm1: {socket: /s, nic: a0}}",
        ":3: NICs 'a0' and 'b0' put the uplink e into different bridges");
    refused(
        "nics:;  a0: {tap: t};  b0: {tap: u, bridge: br0, uplink: t}"
            + ";guests: {vm1: {socket: /s, nic: a0}}",
        ":3: the uplink of nic 'b0' is the TAP of nic 'a0'");
  }

  @Test
  void aNodeWithoutGuestsLendsItsNicsOrIsNothing() throws IOException {
    refused("nics: {a0: {tap: t}}", "no guest");
    Path file =
        Files.writeString(
            dir.resolve("lender.yaml"),
            """
            node: b
            nics: {b0: {tap: t}}
            fabric: {listen: "10.0.0.2:7440", ca: c, cert: e, key: k}
            directory: {kind: file}
            """);
    assertThat(NodeYaml.read(file).guests()).isEmpty();
  }

  @Test
  void everythingThereIsIsRead() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("all.yaml"),
            """
            node: alpha
            spin: 0
            nics:
              a0: {tap: brd-a0, bridge: br0, uplink: eth0, speed: 1000, mac: 02:00:00:00:00:a0, mtu: 9000}
            bonds:
              bond0:
                mode: flowlet
                members: [a0, beta/*, "*"]
                priorities: {a0: 10, beta/b0: -5}
                primary: a0
                flowlet-gap: 500us
                local-first: off
                hold: 0.5s
            guests:
              vm1: {socket: /s, bond: bond0, mac: 02:00:00:00:00:01, allow: [02:00:00:00:00:02], vlan: 7, rate: 100}
            fabric: {listen: "[fd00::1]:7440", ca: ca.pem, cert: a.pem, key: a.key, transport: nio, window: 1024}
            directory:
              kind: jgroups
              bind: 10.0.0.1:7441
              members: {alpha: "10.0.0.1:7441", beta: "10.0.0.2:7441"}
              raft: /var/lib/braid/raft
            control: /run/braid/alpha.sock
            metrics: {listen: "127.0.0.1:9440"}
            """);
    NodeConfig config = NodeYaml.read(file);
    assertThat(config.node()).isEqualTo("alpha");
    assertThat(config.nics().getFirst().speedMbps()).isEqualTo(1000);
    BondSpec bond = config.bonds().getFirst();
    assertThat(bond.priority("a0")).isEqualTo(10);
    assertThat(bond.priority("beta/b0")).isEqualTo(-5);
    assertThat(bond.priority("beta/b1")).isZero();
    assertThat(bond.settings().balance().flowletGapNanos()).isEqualTo(500_000);
    assertThat(bond.settings().health().holdNanos()).isEqualTo(500_000_000);
    GuestSpec guest = config.guests().getFirst();
    assertThat(guest.allow()).containsExactly(0x02_00_00_00_00_02L);
    assertThat(config.mtuOf(config.nics().getFirst())).isEqualTo(9000);
    assertThat(config.fabric()).isNotNull();
    assertThat(config.fabric().listen()).hasToString("[fd00::1]:7440");
    assertThat(config.directory()).isNotNull();
    assertThat(config.directory().members()).containsKeys("alpha", "beta");
    assertThat(config.control()).isEqualTo(Path.of("/run/braid/alpha.sock"));
    assertThat(config.metrics()).isEqualTo(new HostPort("127.0.0.1", 9440));
  }
}
