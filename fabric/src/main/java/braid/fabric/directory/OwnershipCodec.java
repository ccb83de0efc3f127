package braid.fabric.directory;

import braid.fabric.directory.OwnershipTable.Command;
import braid.fabric.directory.OwnershipTable.Outcome;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/// [OwnershipTable]'s commands and outcomes as bytes, for the log that all nodes share. Big-endian;
/// the first byte is the kind, and a kind's number is never used for another one.
///
/// | kind | fields |
/// |---|---|
/// | 1 claim | mac i64, node utf, incarnation i64 |
/// | 2 take over | mac i64, node utf, incarnation i64, token i64 |
/// | 3 release | mac i64, node utf, token i64 |
/// | 17 granted, 18 held | mac i64, node utf, token i64 |
/// | 19 free, 20 full | none |
final class OwnershipCodec {
  private static final int CLAIM = 1;
  private static final int TAKE_OVER = 2;
  private static final int RELEASE = 3;
  private static final int GRANTED = 17;
  private static final int HELD = 18;
  private static final int FREE = 19;
  private static final int FULL = 20;

  private OwnershipCodec() {}

  static byte[] encode(Command command) {
    return bytes(
        out -> {
          switch (command) {
            case Command.Claim(long mac, String node, long incarnation) -> {
              head(out, CLAIM, mac, node);
              out.writeLong(incarnation);
            }
            case Command.TakeOver(long mac, String node, long incarnation, long token) -> {
              head(out, TAKE_OVER, mac, node);
              out.writeLong(incarnation);
              out.writeLong(token);
            }
            case Command.Release(long mac, String node, long token) -> {
              head(out, RELEASE, mac, node);
              out.writeLong(token);
            }
          }
        });
  }

  static Command command(byte[] bytes, int offset, int length) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, offset, length));
    int kind = in.readByte();
    long mac = in.readLong();
    String node = in.readUTF();
    return switch (kind) {
      case CLAIM -> new Command.Claim(mac, node, in.readLong());
      case TAKE_OVER -> new Command.TakeOver(mac, node, in.readLong(), in.readLong());
      case RELEASE -> new Command.Release(mac, node, in.readLong());
      default -> throw new IOException("command " + kind + " is of a later version");
    };
  }

  static byte[] encode(Outcome outcome) {
    return bytes(
        out -> {
          switch (outcome) {
            case Outcome.Granted(Ownership ownership) -> ownership(out, GRANTED, ownership);
            case Outcome.Held(Ownership by) -> ownership(out, HELD, by);
            case Outcome.Free() -> out.writeByte(FREE);
            case Outcome.Full() -> out.writeByte(FULL);
          }
        });
  }

  static Outcome outcome(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    int kind = in.readByte();
    return switch (kind) {
      case GRANTED -> new Outcome.Granted(ownership(in));
      case HELD -> new Outcome.Held(ownership(in));
      case FREE -> new Outcome.Free();
      case FULL -> new Outcome.Full();
      default -> throw new IOException("outcome " + kind + " is of a later version");
    };
  }

  private static void ownership(DataOutputStream out, int kind, Ownership ownership)
      throws IOException {
    head(out, kind, ownership.mac(), ownership.node());
    out.writeLong(ownership.token());
  }

  private static Ownership ownership(DataInputStream in) throws IOException {
    return new Ownership(in.readLong(), in.readUTF(), in.readLong());
  }

  private static void head(DataOutputStream out, int kind, long mac, String node)
      throws IOException {
    out.writeByte(kind);
    out.writeLong(mac);
    out.writeUTF(node);
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private static byte[] bytes(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.to(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new AssertionError("memory does not fail", e);
    }
    return bytes.toByteArray();
  }
}
