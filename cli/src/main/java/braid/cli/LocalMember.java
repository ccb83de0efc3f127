package braid.cli;

import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.EndConfig;
import braid.ssi.MemberConfig;
import org.jspecify.annotations.Nullable;

/// A NIC of this node in a bond: an end of the NIC's switch.
///
/// @param bond   the bond's name
/// @param nic    the NIC
/// @param config how it ranks
record LocalMember(String bond, NicUnit nic, MemberConfig config) implements MemberUnit {
  @Override
  public String name() {
    return config.name();
  }

  @Override
  public Port plug() {
    // Reserved groups too: a bond in mode 802.3ad speaks LACP.
    return nic.outlet().plug(endName(), EndConfig.OPEN.reserved(true), state -> {});
  }

  @Override
  public void unplug() {
    nic.outlet().unplug(endName());
  }

  private String endName() {
    return bond + "@" + nic.spec().name();
  }

  @Override
  public int pending() {
    return nic.inFlight();
  }

  @Override
  public @Nullable TapPoint point() {
    return null;
  }
}
