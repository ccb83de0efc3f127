package braid.ssi;

import braid.port.Counter;
import braid.port.Frame;
import org.jspecify.annotations.Nullable;

/// The gate of a [Switch]: whether a frame may come in at all, in which VLAN it is, and what is
/// learned from it. Nothing of a frame is believed before it has been through here.
final class Admission {
  /// Reserved in tags (802.1Q-2018, table 9-2), so free to stand for all that has a service tag.
  static final int VLAN_SERVICE = 4095;

  private static final int TYPE_SERVICE_TAG = 0x88a8;
  private static final int TYPE_OLD_SERVICE_TAG = 0x9100;

  private final MacTable macs;
  private int vlan;
  private boolean tagged;

  Admission(MacTable macs) {
    this.macs = macs;
  }

  /// VLAN of the frame that was let in last: 0 for what is untagged at the uplink.
  int vlan() {
    return vlan;
  }

  /// That frame has a tag in it.
  boolean tagged() {
    return tagged;
  }

  /// Judges a frame, and learns from it.
  ///
  /// @param up it comes from the uplink
  /// @return why it is refused, null when it is not; then [#vlan] and [#tagged] are about it
  @Nullable Counter judge(SwitchEnd from, boolean up, Frame frame, long now) {
    SwitchEnd.Drops drops = from.drops;
    int at = Wire.ETHERNET_BYTES;
    if (frame.headLength() < at) {
      return drops.tooShort;
    }
    int type = frame.u16(Wire.TYPE);
    tagged = type == Wire.TYPE_VLAN;
    if (tagged && frame.headLength() < at + Wire.TAG_BYTES) {
      return drops.tooShort;
    }
    long source = frame.mac(Wire.SOURCE);
    if (!Macs.station(source)) {
      return drops.source;
    }
    Counter wrong = inVlan(from, frame, type);
    if (wrong != null) {
      return wrong;
    }
    if (tagged) {
      type = frame.u16(at + 2);
      at += Wire.TAG_BYTES;
    }
    return from.config().guarded()
        ? guard(from, frame, source, type, at)
        : learn(from, up, source, now);
  }

  private static @Nullable Counter guard(
      SwitchEnd from, Frame frame, long source, int type, int at) {
    if (!SourceGuard.among(source, from.macs())) {
      return from.drops.spoofed;
    }
    boolean honest =
        !from.config().neighbours() || SourceGuard.honest(frame, type, at, from.macs());
    return honest ? null : from.drops.neighbour;
  }

  private @Nullable Counter learn(SwitchEnd from, boolean up, long source, long now) {
    MacTable.Entry entry = macs.find(vlan, source, now);
    if (entry != null && entry.given()) {
      // At the uplink it may be true: a guest with a bond of its own over two nodes hears its own
      // probes there, and wants to.
      return up ? null : from.drops.spoofed;
    }
    if (!up) {
      macs.seen(entry, vlan, source, from, now);
    } else if (entry != null) {
      macs.left(entry);
    }
    return null;
  }

  /// Which VLAN the frame is in.
  ///
  /// @return why it may not be in it, null when it may
  private @Nullable Counter inVlan(SwitchEnd from, Frame frame, int type) {
    EndConfig end = from.config();
    boolean access = !end.trunk();
    if (type == TYPE_SERVICE_TAG || type == TYPE_OLD_SERVICE_TAG) {
      vlan = VLAN_SERVICE;
      return access ? from.drops.tagged : null;
    }
    vlan = end.vlan();
    if (!tagged) {
      return null;
    }
    int tci = frame.u16(Wire.ETHERNET_BYTES);
    int id = tci & Wire.VLAN_MASK;
    if (id == VLAN_SERVICE) {
      return from.drops.vlan;
    }
    if (id == 0) {
      // Only a priority: it takes the VLAN of untagged frames and keeps the priority.
      Wire.put16(frame, Wire.ETHERNET_BYTES, tci | vlan);
      return null;
    }
    vlan = id;
    return access ? from.drops.tagged : null;
  }
}
