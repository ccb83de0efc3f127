package braid.fabric;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A way between two nodes that a test can cut or make silent: passes TCP connections on.
final class Way implements AutoCloseable {
  private final ServerSocket listener;
  private final InetSocketAddress to;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile boolean silent;

  Way(InetSocketAddress to) {
    this.to = to;
    try {
      listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().daemon().name("way").start(this::accept);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket from = listener.accept();
        Socket on = new Socket(to.getAddress(), to.getPort());
        sockets.add(from);
        sockets.add(on);
        Thread.ofPlatform().daemon().start(() -> pass(from, on));
        Thread.ofPlatform().daemon().start(() -> pass(on, from));
      } catch (IOException e) {
        // closed, or nobody there: the next attempt will tell
      }
    }
  }

  private void pass(Socket from, Socket on) {
    byte[] bytes = new byte[10_000];
    try (from;
        on) {
      InputStream in = from.getInputStream();
      for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
        if (!silent) {
          on.getOutputStream().write(bytes, 0, n);
        }
      }
      // A silent way tells nobody that the other end has given up.
      while (silent) {
        Thread.sleep(1);
      }
    } catch (IOException e) {
      // cut
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Swallows all bytes from now on, as a way without a far end does.
  void silent(boolean on) {
    silent = on;
  }

  /// Ends all connections, whatever is in them.
  void cut() {
    for (Socket socket : sockets) {
      try {
        socket.setSoLinger(true, 0);
        socket.close();
      } catch (IOException e) {
        // was cut already
      }
    }
    sockets.clear();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cut();
  }
}
