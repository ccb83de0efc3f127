package braid.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import braid.port.LinkState;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Bytes as the table in [Records] has them.
class RecordsTest {
  private static Hello hello() {
    return new Hello(
        1,
        2,
        0x1122334455667788L,
        3,
        4,
        5,
        6,
        true,
        new LinkState(true, 1000),
        "node-ä",
        "bond0",
        "n0");
  }

  @Test
  void theGreetingHasTheBytesOfTheTable() {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(512).address();
      int bytes = hello().write(at);
      byte[] out = new byte[bytes];
      Memory.read(at, out, 0, bytes);
      assertThat(HexFormat.of().formatHex(out))
          .isEqualTo(
              "01000000"
                  + "3a000000"
                  + "42524446"
                  + "0100"
                  + "0200"
                  + "8877665544332211"
                  + "03000000"
                  + "04000000"
                  + "05000000"
                  + "06000000"
                  + "03000000"
                  + "e8030000"
                  + "07050200"
                  + "6e6f64652dc3a4"
                  + "626f6e6430"
                  + "6e30");
      assertThat(Hello.read(at + 8, bytes - 8)).isEqualTo(hello());
    }
  }

  @ParameterizedTest(name = "byte {0} becomes {1}")
  @CsvSource({
    "0, 0", // magic
    "40, 200", // a name longer than the record
    "40, 0", // no name
    "42, 3", // more than there is
    "44, 10", // a line end in a name
    "49, 255", // no UTF-8
    "39, 128", // negative speed
    "31, 255", // negative credit
  })
  void aGreetingThatMakesNoSenseIsNone(int offset, int value) {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(512).address();
      int bytes = hello().write(at);
      Memory.putByte(at + 8 + offset, (byte) value);
      assertThat(Hello.read(at + 8, bytes - 8)).isNull();
    }
  }

  @Test
  void aGoodbyeCannotFoolATerminal() {
    try (Arena arena = Arena.ofConfined()) {
      long at = arena.allocate(512).address();
      int bytes = new Bye(Bye.FULL, "no\u001b[2J\nroom ü").write(at);
      assertThat(Bye.read(at + 8, bytes - 8)).isEqualTo(new Bye(Bye.FULL, "no?[2J?room ü"));
      int longest = new Bye(Bye.CLOSED, "x".repeat(1000)).write(at);
      assertThat(longest).isEqualTo(8 + 4 + 256);
      assertThat(Records.validLength(Records.BYE, longest - 8)).isTrue();
    }
  }

  @ParameterizedTest(name = "type {0}: {1} to {2}")
  @CsvSource({
    "1, 44, 428",
    "2, 30, 65566",
    "3, 26, 140",
    "4, 16, 16",
    "5, 8, 8",
    "6, 8, 8",
    "7, 8, 8",
    "8, 4, 260",
  })
  void lengthsHaveLimits(int type, int least, int most) {
    assertThat(Records.validLength(type, least)).isTrue();
    assertThat(Records.validLength(type, most)).isTrue();
    assertThat(Records.validLength(type, least - 1)).isFalse();
    assertThat(Records.validLength(type, most + 1)).isFalse();
    assertThat(Records.validLength(type, -1)).isFalse();
    assertThat(Records.validLength(type | 0x100, least)).as("reserved bits").isFalse();
  }

  @Test
  void unknownTypesHaveNoLength() {
    assertThat(Records.validLength(0, 8)).isFalse();
    assertThat(Records.validLength(9, 8)).isFalse();
    assertThat(Records.validLength(-1, 8)).isFalse();
  }
}
