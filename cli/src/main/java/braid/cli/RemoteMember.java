package braid.cli;

import braid.fabric.Fabric;
import braid.fabric.FabricPort;
import braid.fabric.RemoteNic;
import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.MemberConfig;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A NIC of another node in a bond: a session of the fabric.
final class RemoteMember implements MemberUnit {
  private final Fabric fabric;
  private final String bond;
  private final RemoteNic nic;
  private final MemberConfig config;
  private final MemorySegment memory;
  private @Nullable FabricPort port;
  private @Nullable TapPoint point;

  /// @param windowBytes memory of a session
  RemoteMember(Fabric fabric, String bond, RemoteNic nic, MemberConfig config, long windowBytes) {
    this.fabric = fabric;
    this.bond = bond;
    this.nic = nic;
    this.config = config;
    this.memory = Engine.memory(windowBytes);
  }

  @Override
  public String name() {
    return config.name();
  }

  @Override
  public MemberConfig config() {
    return config;
  }

  /// Where it is.
  RemoteNic nic() {
    return nic;
  }

  @Override
  public Port plug() {
    FabricPort made = fabric.connect(bond, nic, memory);
    port = made;
    TapPoint watched = new TapPoint(made);
    point = watched;
    return watched;
  }

  @Override
  public void unplug() {
    if (port != null) {
      port.close("taken out of " + bond);
    }
  }

  @Override
  public int pending() {
    return port == null ? 0 : port.inFlight();
  }

  /// Its session lives; the worker.
  boolean connected() {
    return port != null && port.connected();
  }

  @Override
  public @Nullable TapPoint point() {
    return point;
  }

  @Override
  public void retire(Engine engine) {
    FabricPort gone = port;
    if (gone != null) {
      engine.retire(memory, () -> gone.outstanding() == 0);
    }
  }
}
