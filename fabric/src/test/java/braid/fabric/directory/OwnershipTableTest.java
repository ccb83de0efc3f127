package braid.fabric.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.fabric.directory.OwnershipTable.Command;
import braid.fabric.directory.OwnershipTable.Outcome;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OwnershipTableTest {
  private static final long MAC = 0x0200_0000_0001L;

  private final OwnershipTable table = new OwnershipTable();

  @Test
  void theFirstGetsItAndTheSecondLearnsWhoHasIt() {
    assertThat(claim("a", 1)).isEqualTo(granted("a", 1));
    assertThat(claim("b", 1)).isEqualTo(new Outcome.Held(new Ownership(MAC, "a", 1)));
    assertThat(table.owner(MAC)).contains(new Ownership(MAC, "a", 1));
  }

  @Test
  void askingAgainKeepsTheTokenInOneLifeAndRaisesItInTheNext() {
    claim("a", 1);
    assertThat(claim("a", 1)).isEqualTo(granted("a", 1));
    assertThat(claim("a", 2)).isEqualTo(granted("a", 2));
    assertThat(table.owners()).hasSize(1);
  }

  @Test
  void aTokenIsNeverGivenTwiceThoughTheAddressWasFree() {
    claim("a", 1);
    assertThat(release("a", 1)).isEqualTo(new Outcome.Free());
    assertThat(table.owner(MAC)).isEmpty();
    assertThat(claim("b", 1)).isEqualTo(granted("b", 2));
  }

  @Test
  void aReleaseThatComesLateTakesNothingFromTheNextOwner() {
    claim("a", 1);
    release("a", 1);
    claim("b", 1);
    assertThat(release("a", 1)).isEqualTo(new Outcome.Held(new Ownership(MAC, "b", 2)));
    claim("a", 1);
    assertThat(table.owner(MAC)).contains(new Ownership(MAC, "b", 2));
  }

  @Test
  void takingOverNeedsTheTokenOfTheOneWhoIsGone() {
    claim("a", 1);
    claim("a", 2); // it came back: token 2
    assertThat(takeOver("b", 1)).isEqualTo(new Outcome.Held(new Ownership(MAC, "a", 2)));
    assertThat(takeOver("b", 2)).isEqualTo(granted("b", 3));
    assertThat(takeOver("c", 2)).isEqualTo(new Outcome.Held(new Ownership(MAC, "b", 3)));
    assertThat(takeOver("b", 2)).as("told twice").isEqualTo(granted("b", 3));
  }

  @Test
  void thereIsALimit() {
    for (long mac = 0; mac < OwnershipTable.OWNERS_MAX; mac++) {
      table.apply(new Command.Claim(mac, "a", 1));
    }
    assertThat(claim("a", 1)).isEqualTo(new Outcome.Full());
    assertThat(table.apply(new Command.Claim(0, "a", 2))).isInstanceOf(Outcome.Granted.class);
  }

  @Test
  void aCopyGoesOnWhereTheOriginalWas() throws IOException {
    claim("a", 1);
    release("a", 1);
    claim("b", 7);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    table.writeTo(new DataOutputStream(bytes));
    OwnershipTable copy = new OwnershipTable();
    copy.apply(new Command.Claim(99, "x", 1));
    copy.readFrom(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    assertThat(copy.owners()).isEqualTo(table.owners());
    assertThat(copy.lastToken()).isEqualTo(2);
    assertThat(copy.apply(new Command.Claim(MAC, "b", 7))).isEqualTo(granted("b", 2));

    byte[] huge = new byte[12];
    huge[8] = 0x7F;
    assertThatThrownBy(() -> copy.readFrom(new DataInputStream(new ByteArrayInputStream(huge))))
        .hasMessageContaining("at most");
    assertThat(copy.lastToken()).isEqualTo(2);
  }

  @Test
  void commandsAndOutcomesComeThroughTheCodecAsTheyWere() throws IOException {
    for (Command command :
        List.of(
            new Command.Claim(MAC, "node-ä", 3),
            new Command.TakeOver(MAC, "b", 4, 5),
            new Command.Release(MAC, "c", 6))) {
      byte[] bytes = OwnershipCodec.encode(command);
      assertThat(OwnershipCodec.command(bytes, 0, bytes.length)).isEqualTo(command);
      for (int cut = 0; cut < bytes.length; cut++) {
        int length = cut;
        assertThatThrownBy(() -> OwnershipCodec.command(bytes, 0, length))
            .isInstanceOf(IOException.class);
      }
    }
    for (Outcome outcome :
        List.of(
            granted("a", 1),
            new Outcome.Held(new Ownership(1, "b", 2)),
            new Outcome.Free(),
            new Outcome.Full())) {
      assertThat(OwnershipCodec.outcome(OwnershipCodec.encode(outcome))).isEqualTo(outcome);
    }
    assertThatThrownBy(() -> OwnershipCodec.outcome(new byte[] {99}))
        .hasMessageContaining("later version");
  }

  /// The invariant that everything else is for, over many random histories.
  @Test
  void neverTwoOwnersAndTokensOnlyGrow() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int history = 0; history < 50; history++) {
      OwnershipTable one = new OwnershipTable();
      OwnershipTable other = new OwnershipTable();
      Map<Long, Ownership> last = new HashMap<>();
      List<Ownership> grants = new ArrayList<>();
      for (int step = 0; step < 500; step++) {
        Command command = random(random, grants);
        Outcome outcome = one.apply(command);
        assertThat(other.apply(command)).as("seed %d", seed).isEqualTo(outcome);
        if (outcome instanceof Outcome.Granted(Ownership now)) {
          assertThat(one.owner(now.mac())).contains(now);
          Ownership before = last.put(now.mac(), now);
          if (before != null && !before.equals(now)) {
            assertThat(now.token()).as("seed %d", seed).isGreaterThan(before.token());
          }
          grants.add(now);
        }
      }
      assertThat(grants.stream().distinct().map(Ownership::token)).doesNotHaveDuplicates();
    }
  }

  private static Command random(Random random, List<Ownership> grants) {
    long mac = random.nextInt(3);
    String node = "n" + random.nextInt(4);
    long incarnation = random.nextInt(3);
    long token = grants.isEmpty() ? 0 : grants.get(random.nextInt(grants.size())).token();
    return switch (random.nextInt(3)) {
      case 0 -> new Command.Claim(mac, node, incarnation);
      case 1 -> new Command.TakeOver(mac, node, incarnation, token);
      default -> new Command.Release(mac, node, token);
    };
  }

  private Outcome claim(String node, long incarnation) {
    return table.apply(new Command.Claim(MAC, node, incarnation));
  }

  private Outcome takeOver(String node, long token) {
    return table.apply(new Command.TakeOver(MAC, node, 1, token));
  }

  private Outcome release(String node, long token) {
    return table.apply(new Command.Release(MAC, node, token));
  }

  private static Outcome granted(String node, long token) {
    return new Outcome.Granted(new Ownership(MAC, node, token));
  }
}
