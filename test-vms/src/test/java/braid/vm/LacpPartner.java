package braid.vm;

import braid.host.NetDevice;
import braid.host.VhostNetPort;
import braid.host.VhostUserServer;
import braid.kernel.IoUring;
import braid.kernel.Netlink;
import braid.kernel.Tap;
import braid.kernel.TapPort;
import braid.port.Cable;
import braid.port.Clock;
import braid.port.Frame;
import braid.port.FramePool;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import braid.port.Worker;
import braid.ssi.AdSelect;
import braid.ssi.Bond;
import braid.ssi.BondConfig;
import braid.ssi.BondMode;
import braid.ssi.Carrier;
import braid.ssi.LacpConfig;
import braid.ssi.LacpRate;
import braid.ssi.LacpStatus;
import braid.ssi.LocalAddresses;
import braid.ssi.MemberConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The other end of a guest's two cables: a bond in mode 802.3ad over two vhost-user devices, and a
/// TAP `lag0` above it. A program of its own, so that it can run in a network namespace.
///
/// Arguments: the directory for the sockets `n0` and `n1`, and the rate. Then one command a line:
/// ```
/// cable I in|out    plugs or pulls cable I: the guest's end gets or loses the carrier, ours loses
/// it carrier I         our end of cable I gets it, too count             prints "count n0 rx= tx=
/// n1 rx= tx=", frames from and to the guest so far links             prints "links n0=STATE
/// n1=STATE", where our mux machines are
/// ```
/// Ends with its input.
final class LacpPartner {
  static final String TAP = "lag0";
  private static final long MAC = 0x0200_0000_0e00L;
  private static final long GUEST_MAC = 0x0200_0000_0d00L;
  private static final int CABLES = 2;
  private static final int CONTROL_FRAMES = 256;
  private static final int CONTROL_FRAME_BYTES = 192;
  private static final int TAP_FRAMES = 128;

  /// The cable when it is in; the same speed as the guest was told, since LACP's key is made of it.
  private static final LinkState GIGABIT = new LinkState(true, 1000);

  private final Arena arena = Arena.ofShared();
  private final IoUring ring = new IoUring(512);
  private final Worker worker = new Worker("partner", Clock.SYSTEM, ring, 50_000);
  private final List<VhostUserServer> servers = new ArrayList<>();
  private final List<CablePort> cables = new ArrayList<>();

  private final Bond bond;

  /// A port whose cable can be pulled.
  private static final class CablePort implements Port {
    private final VhostNetPort inner;
    private boolean pulled;

    CablePort(VhostNetPort inner) {
      this.inner = inner;
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public int receive(Frame[] into, int max) {
      int count = inner.receive(into, max);
      if (!pulled) {
        return count;
      }
      release(into, count);
      return 0;
    }

    @Override
    public void send(Frame[] frames, int count) {
      if (pulled) {
        release(frames, count);
      } else {
        inner.send(frames, count);
      }
    }

    private static void release(Frame[] frames, int count) {
      for (int i = 0; i < count; i++) {
        frames[i].release();
      }
    }

    @Override
    public int room() {
      return inner.room();
    }

    @Override
    public void flush() {
      inner.flush();
    }

    @Override
    public LinkState link() {
      return pulled ? LinkState.DOWN : inner.link();
    }

    @Override
    public boolean arm() {
      return inner.arm();
    }

    @Override
    public long deadline() {
      return inner.deadline();
    }

    @Override
    public PortCounters counters() {
      return inner.counters();
    }
  }

  private MemorySegment memory(long bytes) {
    return arena.allocate(bytes, 4096);
  }

  private LacpPartner(LacpRate rate) {
    BondConfig config =
        BondConfig.DEFAULT
            .withMode(BondMode.LACP)
            .withMonitors(Carrier.ONLY)
            .withLacp(new LacpConfig(rate, true, 0, AdSelect.STABLE, 65_535, 0));
    bond =
        new Bond(
            "lag",
            LocalAddresses.of(MAC),
            config,
            new FramePool(
                memory(FramePool.bytesFor(CONTROL_FRAMES, CONTROL_FRAME_BYTES)),
                CONTROL_FRAME_BYTES,
                0),
            worker.clock(),
            change -> System.out.println(change));
  }

  private void open(Path directory) {
    TapPort tap =
        new TapPort(
            TAP, Tap.open(TAP), ring, worker.clock(), memory(TapPort.memoryFor(TAP_FRAMES)));
    try (Netlink netlink = new Netlink()) {
      int index = netlink.requireLink(TAP).index();
      netlink.setMac(index, MAC);
      netlink.setUp(index, true);
    }
    for (int i = 0; i < CABLES; i++) {
      VhostNetPort port = new VhostNetPort("n" + i, worker.clock(), ring);
      CablePort cable = new CablePort(port);
      cables.add(cable);
      bond.add(cable, new MemberConfig("n" + i, MAC + 1 + i, 0, 0));
      servers.add(
          new VhostUserServer(
              new VhostUserServer.Settings(
                  "n" + i, directory.resolve("n" + i), false, NetDevice.of(GUEST_MAC + i, 1500)),
              port,
              worker,
              Clock.SYSTEM,
              () -> false));
    }
    worker.add(new Cable(bond, tap));
    worker.start();
    servers.forEach(VhostUserServer::start);
  }

  private void cable(int index, boolean pulled) {
    servers.get(index).link(pulled ? LinkState.DOWN : GIGABIT);
    if (pulled) {
      worker.submit(() -> cables.get(index).pulled = true);
    }
  }

  private void carrier(int index) {
    worker.submit(() -> cables.get(index).pulled = false);
  }

  private void count() {
    StringBuilder line = new StringBuilder("count");
    for (CablePort cable : cables) {
      PortCounters counters = cable.counters();
      line.append(' ').append(cable.name());
      line.append(" rx=").append(counters.rxFrames.get());
      line.append(" tx=").append(counters.txFrames.get());
    }
    System.out.println(line);
  }

  private void links() {
    StringBuilder line = new StringBuilder("links");
    for (LacpStatus link : worker.call(bond::aggregation)) {
      line.append(' ').append(link.member()).append('=').append(link.mux());
    }
    System.out.println(line);
  }

  private void obey(BufferedReader commands) throws IOException {
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "cable" -> cable(Integer.parseInt(words[1]), words[2].equals("out"));
        case "carrier" -> carrier(Integer.parseInt(words[1]));
        case "count" -> count();
        case "links" -> links();
        default -> System.out.println("no such command: " + line);
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    LacpRate rate = LacpRate.valueOf(arguments[1].toUpperCase(Locale.ROOT));
    LacpPartner partner = new LacpPartner(rate);
    partner.open(Path.of(arguments[0]));
    System.out.println("partner is ready");
    partner.obey(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII)));
    partner.servers.forEach(VhostUserServer::close);
    partner.worker.close();
  }
}
