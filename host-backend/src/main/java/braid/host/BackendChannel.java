package braid.host;

import braid.kernel.LinuxException;
import braid.kernel.UnixSocket;
import braid.virtio.BackendMessage;
import braid.virtio.VhostUserCodec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// Our requests to the front-end (vhost-user "Back-end communication"): IOTLB misses, configuration
/// changes.
///
/// A thread of its own sends them, because a front-end that does not read would make the sender
/// wait: neither the worker nor the session's control thread may. No acknowledgement is asked for,
/// so nothing is ever read here. What does not fit into the queue is dropped; a miss is asked again
/// later.
final class BackendChannel implements AutoCloseable {
  private static final int WAITING_MAX = 256;
  private static final long LOOK_MILLIS = 200;

  private final UnixSocket socket;
  private final BlockingQueue<BackendMessage> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
  private final Thread sender;
  private volatile boolean open = true;

  /// Takes over the socket.
  BackendChannel(String name, UnixSocket socket) {
    this.socket = socket;
    sender = Thread.ofPlatform().daemon().name(name + " back-end channel").start(this::run);
  }

  /// Queues a request. Any thread; does not wait.
  void send(BackendMessage message) {
    waiting.offer(message);
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      while (open) {
        BackendMessage message = waiting.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (message != null) {
          byte[] bytes = VhostUserCodec.encode(message, false);
          MemorySegment out = arena.allocate(bytes.length);
          MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, bytes.length);
          socket.send(out, List.of());
        }
      }
    } catch (LinuxException | IllegalStateException _) {
      // The front-end closed its end: what it does not want to hear it does not hear.
      open = false;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      socket.close();
    }
  }

  /// Ends the thread; it closes the socket. Any thread.
  @Override
  public void close() {
    open = false;
    socket.shutdown();
    sender.interrupt();
  }
}
