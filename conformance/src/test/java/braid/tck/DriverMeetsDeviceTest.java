package braid.tck;

import static org.assertj.core.api.Assertions.assertThat;

import braid.guest.DmaMemory;
import braid.guest.VhostUserTransport;
import braid.guest.VirtioNetPort;
import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.PipePort;
import braid.port.Pump;
import braid.port.Worker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Our driver on our device over a socket, each with a worker that sleeps when it has nothing to
/// do: kicks, calls, configuration changes and hang-ups are all that wakes them.
class DriverMeetsDeviceTest {
  private static final long MAC = 0x0200_0000_0042L;
  private static final long SEED = 42;

  /// Sends everything back.
  private static final class Echo implements Pump {
    private final PipePort port;
    private final Frame[] batch = new Frame[64];

    Echo(PipePort port) {
      this.port = port;
    }

    @Override
    public int pump() {
      int count = port.receive(batch, Math.min(batch.length, port.room()));
      port.send(batch, count);
      return count;
    }

    @Override
    public boolean arm() {
      return port.arm();
    }

    @Override
    public long deadline() {
      return port.deadline();
    }
  }

  @TempDir Path folder;

  private final DmaMemory memory = DmaMemory.shared(16 << 20);
  private final FramePool pool = new FramePool(memory.take(1 << 20, 64), 2048, 0);
  private final IoUring hostRing = new IoUring(1024);
  private final IoUring guestRing = new IoUring(64);
  private final Worker host = new Worker("host", Clock.SYSTEM, hostRing, 0);
  private final Worker guest = new Worker("guest", Clock.SYSTEM, guestRing, 0);
  private final VhostNetPort device = new VhostNetPort("device", host.clock(), hostRing);
  private final PipePort hostPipe = new PipePort("near", "echo", 256);
  private final PipePort guestPipe = new PipePort("near", "test", 256);
  private final Frame[] batch = new Frame[64];
  private VhostUserServer server;
  private VirtioNetPort driver;

  @BeforeEach
  void plugIn() {
    System.out.println("seed " + SEED);
    host.add(new Cable(device, hostPipe));
    host.add(new Echo(hostPipe.far()));
    host.start();
    server = serve();
    VhostUserTransport transport =
        VhostUserTransport.connect(
            folder.resolve("s"), memory, 1, guest::submit, Duration.ofSeconds(20));
    driver =
        new VirtioNetPort(
            "driver", transport, memory, guest.clock(), new VirtioNetPort.Options(256, 128, 0));
    driver.open();
    guest.submit(() -> driver.watch(guestRing));
    guest.add(new Cable(driver, guestPipe));
    guest.start();
  }

  @AfterEach
  void everythingComesBack() {
    guest.call(
        () -> {
          driver.close();
          guestPipe.drain();
          return 0;
        });
    guest.close();
    server.close();
    host.close();
    assertThat(guest.failure()).isNull();
    assertThat(host.failure()).isNull();
    assertThat(driver.heldBuffers()).isZero();
    assertThat(pool.balanced()).isTrue();
    memory.close();
  }

  private VhostUserServer serve() {
    return new VhostUserServer(
            new VhostUserServer.Settings("vm", folder.resolve("s"), false, NetDevice.of(MAC, 1500)),
            device,
            host,
            Clock.SYSTEM,
            () -> false)
        .start();
  }

  private void await(String what, Callable<Boolean> condition) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!guest.call(condition)) {
      assertThat(System.nanoTime() - end).as(what).isNegative();
      Thread.onSpinWait();
    }
  }

  private void link(boolean up) {
    await("link " + (up ? "up" : "down"), () -> driver.link().up() == up);
  }

  private static byte[] content(int number) {
    Random random = new Random(SEED + number);
    byte[] bytes = new byte[60 + random.nextInt(1441)];
    random.nextBytes(bytes);
    return bytes;
  }

  /// Sends frames in batches and checks that each comes back.
  private void echo(int frames) {
    for (int first = 0; first < frames; first += 32) {
      int from = first;
      guest.call(
          () -> {
            for (int i = 0; i < 32; i++) {
              Frame frame = pool.take();
              frame.write(content(from + i));
              batch[i] = frame;
            }
            guestPipe.far().send(batch, 32);
            return 0;
          });
      int[] back = {0};
      await(
          "frames back",
          () -> {
            int count = guestPipe.far().receive(batch, 64);
            for (int i = 0; i < count; i++) {
              assertThat(batch[i].toBytes()).isEqualTo(content(from + back[0]++));
              batch[i].release();
            }
            return back[0] == 32;
          });
    }
  }

  @Test
  void framesGoThereAndBackUnaltered() {
    link(true);
    assertThat(driver.config().mac()).isEqualTo(MAC);
    echo(4096);
  }

  @Test
  void theCarrierOfTheUplinkReachesTheDriver() {
    link(true);
    echo(64);
    server.link(LinkState.DOWN);
    link(false);
    server.link(LinkState.UP);
    link(true);
    echo(64);
  }

  @Test
  void aDeviceThatGoesAwayAndComesBackIsUsedAgain() {
    for (int i = 0; i < 5; i++) {
      link(true);
      echo(64);
      server.close();
      link(false);
      server = serve();
    }
    link(true);
    echo(64);
  }
}
