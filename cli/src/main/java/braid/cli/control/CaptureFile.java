package braid.cli.control;

import braid.port.Frame;
import braid.port.TapPoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A capture into a file, on a thread of its own, as long as it is open: the `pcap=FILE` of a
/// guest. A write that fails (disk full) ends the capture, not the port.
public final class CaptureFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.capture");

  /// Four times what a capture over the socket has: a disk may stop for longer than a reader.
  private static final int RING_BYTES = 4 * Capture.RING_BYTES;

  private final Path path;
  private final Capture capture;
  private final Thread thread;
  private volatile boolean closing;

  /// Opens the file, replacing what it held, and begins.
  ///
  /// @throws IOException when the file cannot be made
  public CaptureFile(TapPoint port, Path path) throws IOException {
    this.path = path;
    FileChannel file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    capture = new Capture(List.of(port), Frame.BYTES_MAX, Long.MAX_VALUE, RING_BYTES).begin();
    thread =
        Thread.ofPlatform().daemon().name("braid-pcap-" + port.name()).start(() -> write(file));
  }

  private void write(FileChannel file) {
    try (file) {
      capture.run(() -> closing, bytes -> all(file, bytes));
      LOG.info("{}: {} frames, {} missing", path, capture.taken(), capture.lost());
    } catch (IOException e) {
      LOG.warn("{}: the capture ends after {} frames ({})", path, capture.taken(), e.toString());
    }
  }

  private static void all(FileChannel file, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  /// Writes what is left and closes the file; the port goes on.
  @Override
  public void close() {
    closing = true;
    try {
      if (!thread.join(Duration.ofSeconds(5))) {
        LOG.warn("{}: not written to its end, the disk is too slow", path);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
