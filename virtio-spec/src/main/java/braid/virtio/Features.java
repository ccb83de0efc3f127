package braid.virtio;

import static braid.virtio.Feature.CSUM;
import static braid.virtio.Feature.CTRL_MAC_ADDR;
import static braid.virtio.Feature.CTRL_RX;
import static braid.virtio.Feature.CTRL_VLAN;
import static braid.virtio.Feature.CTRL_VQ;
import static braid.virtio.Feature.GUEST_ANNOUNCE;
import static braid.virtio.Feature.GUEST_CSUM;
import static braid.virtio.Feature.GUEST_ECN;
import static braid.virtio.Feature.GUEST_TSO4;
import static braid.virtio.Feature.GUEST_TSO6;
import static braid.virtio.Feature.GUEST_UFO;
import static braid.virtio.Feature.GUEST_USO4;
import static braid.virtio.Feature.GUEST_USO6;
import static braid.virtio.Feature.HASH_REPORT;
import static braid.virtio.Feature.HASH_TUNNEL;
import static braid.virtio.Feature.HOST_ECN;
import static braid.virtio.Feature.HOST_TSO4;
import static braid.virtio.Feature.HOST_TSO6;
import static braid.virtio.Feature.HOST_UFO;
import static braid.virtio.Feature.HOST_USO;
import static braid.virtio.Feature.MQ;
import static braid.virtio.Feature.NOTF_COAL;
import static braid.virtio.Feature.RSC_EXT;
import static braid.virtio.Feature.RSS;
import static braid.virtio.Feature.VQ_NOTF_COAL;

import java.util.List;

/// Sets of feature bits (the low 64) and the rules among them.
public final class Features {
  /// One rule of 5.1.3.1: `feature` needs all of `all`, and at least one of `any` unless that is
  /// empty.
  private record Rule(Feature feature, long all, long any) {}

  private static final List<Rule> RULES =
      List.of(
          new Rule(GUEST_TSO4, of(GUEST_CSUM), 0),
          new Rule(GUEST_TSO6, of(GUEST_CSUM), 0),
          new Rule(GUEST_ECN, 0, of(GUEST_TSO4, GUEST_TSO6)),
          new Rule(GUEST_UFO, of(GUEST_CSUM), 0),
          new Rule(GUEST_USO4, of(GUEST_CSUM), 0),
          new Rule(GUEST_USO6, of(GUEST_CSUM), 0),
          new Rule(HOST_TSO4, of(CSUM), 0),
          new Rule(HOST_TSO6, of(CSUM), 0),
          new Rule(HOST_ECN, 0, of(HOST_TSO4, HOST_TSO6)),
          new Rule(HOST_UFO, of(CSUM), 0),
          new Rule(HOST_USO, of(CSUM), 0),
          new Rule(CTRL_RX, of(CTRL_VQ), 0),
          new Rule(CTRL_VLAN, of(CTRL_VQ), 0),
          new Rule(GUEST_ANNOUNCE, of(CTRL_VQ), 0),
          new Rule(MQ, of(CTRL_VQ), 0),
          new Rule(CTRL_MAC_ADDR, of(CTRL_VQ), 0),
          new Rule(NOTF_COAL, of(CTRL_VQ), 0),
          new Rule(RSC_EXT, 0, of(HOST_TSO4, HOST_TSO6)),
          new Rule(RSS, of(CTRL_VQ), 0),
          new Rule(VQ_NOTF_COAL, of(CTRL_VQ), 0),
          new Rule(HASH_TUNNEL, of(CTRL_VQ), of(RSS, HASH_REPORT)));

  private Features() {}

  /// The set of these bits.
  public static long of(Feature... features) {
    long mask = 0;
    for (Feature feature : features) {
      mask |= feature.mask();
    }
    return mask;
  }

  /// Checks what a driver accepted: only what was offered (2.2.1), and each bit with those it
  /// requires (5.1.3.1).
  ///
  /// The rules of the bits from 64 on are not here, because nobody can accept them in 64 bits.
  ///
  /// @param offered what the device offered
  /// @param acked   what the driver accepted
  /// @throws ProtocolException naming the first bits that break a rule
  public static void check(long offered, long acked) throws ProtocolException {
    long more = acked & ~offered;
    if (more != 0) {
      throw new ProtocolException("VIRTIO 2.2.1", "accepted, but not offered: " + names(more));
    }
    for (Rule rule : RULES) {
      if (!rule.feature.in(acked)) {
        continue;
      }
      long missing = rule.all & ~acked;
      if (missing != 0) {
        throw new ProtocolException(
            "VIRTIO 5.1.3.1", rule.feature + " accepted without " + names(missing));
      }
      if (rule.any != 0 && (rule.any & acked) == 0) {
        throw new ProtocolException(
            "VIRTIO 5.1.3.1", rule.feature + " accepted without any of " + names(rule.any));
      }
    }
  }

  /// What a driver may accept: leaves out, one after the other, the bits whose requirements are not
  /// in the set.
  ///
  /// @param wanted a subset of what was offered
  public static long reduce(long wanted) {
    long left = wanted;
    long before;
    do {
      before = left;
      for (Rule rule : RULES) {
        boolean whole = (rule.all & ~left) == 0 && (rule.any == 0 || (rule.any & left) != 0);
        if (!whole) {
          left &= ~rule.feature.mask();
        }
      }
    } while (left != before);
    return left;
  }

  /// The names of the bits in a set, for messages: `CSUM|MAC|bit 31`.
  public static String names(long features) {
    StringBuilder out = new StringBuilder();
    long unnamed = features;
    for (Feature feature : Feature.values()) {
      if (feature.in(features)) {
        out.append(out.isEmpty() ? "" : "|").append(feature);
        unnamed &= ~feature.mask();
      }
    }
    for (int bit = 0; bit < Long.SIZE; bit++) {
      if ((unnamed >>> bit & 1) != 0) {
        out.append(out.isEmpty() ? "" : "|").append("bit ").append(bit);
      }
    }
    return out.isEmpty() ? "none" : out.toString();
  }
}
