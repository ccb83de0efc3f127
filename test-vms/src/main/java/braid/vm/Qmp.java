package braid.vm;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Talks to a QEMU over its machine protocol socket: one command at a time, events kept aside.
/// Thread safe.
public final class Qmp implements AutoCloseable {
  private final SocketChannel channel;
  private final BufferedReader in;
  private final OutputStream out;
  private final List<JsonObject> events = new ArrayList<>();

  private Qmp(SocketChannel channel) {
    this.channel = channel;
    this.in =
        new BufferedReader(
            new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
    this.out = Channels.newOutputStream(channel);
  }

  /// Connects and leaves the capabilities phase.
  ///
  /// @param socket where QEMU listens already
  /// @return closed by the caller
  public static Qmp connect(Path socket) {
    try {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.connect(UnixDomainSocketAddress.of(socket));
      Qmp qmp = new Qmp(channel);
      qmp.read(); // the greeting
      qmp.execute("qmp_capabilities", Json.object());
      return qmp;
    } catch (IOException e) {
      throw new TestbedException("no QMP at " + socket, e);
    }
  }

  /// Runs a command.
  ///
  /// @param command its name
  /// @param arguments empty if it has none
  /// @return what is under "return"
  public synchronized JsonValue execute(String command, JsonObject arguments) {
    JsonObject request = Json.object().add("execute", command).add("arguments", arguments);
    try {
      out.write((request + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
      while (true) {
        JsonObject answer = read();
        if (answer.get("event") != null) {
          events.add(answer);
        } else if (answer.get("error") != null) {
          throw new TestbedException("QMP " + request + ": " + answer.get("error"));
        } else if (answer.get("return") != null) {
          return answer.get("return");
        }
      }
    } catch (IOException e) {
      throw new TestbedException("QMP " + request + ": QEMU is gone", e);
    }
  }

  /// Plugs or unplugs the cable of a NIC, as the guest sees it.
  ///
  /// @param nic its device's id: nic0 is the first
  /// @param up plugged
  public void setLink(String nic, boolean up) {
    execute("set_link", Json.object().add("name", nic).add("up", up));
  }

  /// The events that came along with answers so far.
  ///
  /// @return a copy
  public synchronized List<JsonObject> events() {
    return List.copyOf(events);
  }

  private JsonObject read() throws IOException {
    String line = in.readLine();
    if (line == null) {
      throw new IOException("closed by QEMU");
    }
    return Json.parse(line).asObject();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new TestbedException("closing QMP", e);
    }
  }
}
