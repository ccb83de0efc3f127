package braid.tck.sim;

import braid.fabric.FabricPort;
import braid.fabric.RemoteNic;
import braid.port.Cable;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.Pump;
import braid.ssi.ActiveChange;
import braid.ssi.Bond;
import braid.ssi.BondListener;
import braid.ssi.EndConfig;
import braid.ssi.MemberConfig;
import braid.ssi.MemberLeft;
import braid.ssi.MemberState;
import braid.ssi.Switch;
import braid.ssi.SwitchConfig;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/// A guest in one node's process: its end of a switch, and the bond behind.
final class Tenant implements BondListener {
  private static final String END = "guest";

  private final World world;
  private final NodeProcess process;
  private final Vm guest;
  private final VmPort device;
  private final Switch hub;
  private final Bond bond;
  private final List<FabricPort> remotes = new ArrayList<>();

  Tenant(World world, NodeProcess process, Vm guest) {
    this.world = world;
    this.process = process;
    this.guest = guest;
    Host host = process.host();
    this.hub = new Switch(guest.name() + "/switch", SwitchConfig.DEFAULT, host.clock());
    this.device = new VmPort(guest, host, process.arena());
    this.bond =
        new Bond(
            "bond-" + guest.name(),
            hub,
            world.plan().bond(),
            process.control(),
            host.clock(),
            this);
    Port end = hub.attach(END, EndConfig.guest(guest.mac()).vlan(world.plan().vlan()));
    for (Nic nic : world.nicsOf(guest)) {
      boolean local = nic == process.nic();
      Port port = local ? local() : remote(nic);
      MemberConfig member =
          new MemberConfig(nic.name(), 0x0200_0000_dd00L + nic.index(), 0, local ? 0 : 1, !local);
      bond.add(new HandOver(port, guest.account(), nic), member);
    }
    host.add(new Cable(hub.uplink(), bond));
    host.add(new LinkWatch());
    host.add(new Cable(device, end));
    guest.account().changed();
  }

  private Port local() {
    return process.nicSwitch().attach(guest.name(), EndConfig.OPEN.reserved(true));
  }

  private Port remote(Nic nic) {
    String node = Plan.node(nic.index());
    RemoteNic remote = new RemoteNic(node, nic.name(), InetSocketAddress.createUnresolved(node, 1));
    FabricPort port =
        FabricPort.dialing(
            bond.name(),
            remote,
            process.environment(),
            process.arena().allocate(world.plan().window().memoryBytes(), 64),
            world.network().dialer(process));
    remotes.add(port);
    return port;
  }

  Bond bond() {
    return bond;
  }

  Vm guest() {
    return guest;
  }

  /// Carries the bond's link to the guest's switch.
  private final class LinkWatch implements Pump {
    private LinkState last = LinkState.DOWN;

    @Override
    public int pump() {
      LinkState now = bond.link();
      if (now.equals(last)) {
        return 0;
      }
      last = now;
      hub.carrier(now);
      return 1;
    }

    @Override
    public boolean arm() {
      return false;
    }

    @Override
    public long deadline() {
      return Long.MAX_VALUE;
    }
  }

  // BondListener

  @Override
  public void activeChanged(ActiveChange change) {
    guest.account().changed();
    world.tell(
        "%s: %s → %s, %s, resent %d, dropped %d"
            .formatted(
                bond.name(),
                change.from(),
                change.to(),
                change.reason(),
                change.resent(),
                change.dropped()));
  }

  @Override
  public void memberChanged(String member, MemberState from, MemberState to) {
    guest.account().changed();
    world.tell("%s: %s %s → %s".formatted(bond.name(), member, from, to));
  }

  /// The operator chooses.
  void setActive(String member) {
    boolean _ = bond.setActive(member);
  }

  /// The operator drains a member, or takes that back.
  void drain(String member, boolean on) {
    // Where flows are spread by a hash, a member that comes back moves some: no event says so.
    guest.account().changed();
    boolean _ = on ? bond.drain(member) : bond.undrain(member);
  }

  @Override
  public void memberLeft(MemberLeft left) {
    guest.account().changed();
    world.tell(
        "%s: %s left, %s, resent %d, dropped %d"
            .formatted(bond.name(), left.member(), left.reason(), left.resent(), left.dropped()));
  }

  /// Every member can be used.
  boolean whole() {
    return bond.members().stream().allMatch(member -> member.state() == MemberState.UP);
  }

  /// The process is gone, or ends: everything goes back to where it came from.
  void close() {
    device.close();
    guest.account().crash();
    bond.close();
    remotes.forEach(remote -> remote.close("the end"));
    if (!hub.detach(END)) {
      throw new Violation("the guest's end is missing");
    }
    hub.carrier(LinkState.UP);
    NodeProcess.empty(hub.uplink());
    int local = process.nic().index();
    if (world.nicsOf(guest).stream().anyMatch(nic -> nic.index() == local)
        && !process.nicSwitch().detach(guest.name())) {
      throw new Violation("the bond's end is missing");
    }
    process.nicSwitch().carrier(LinkState.UP);
    NodeProcess.empty(process.nicSwitch().uplink());
    if (hub.copiesAvailable() != SwitchConfig.DEFAULT.copyFrames()) {
      throw new Violation("copies of the guest's switch are missing");
    }
    for (FabricPort remote : remotes) {
      if (remote.outstanding() > 0 || remote.inFlight() > 0) {
        throw new Violation("frames of " + remote + " are missing");
      }
    }
  }

  boolean balanced() {
    return device.balanced();
  }
}
