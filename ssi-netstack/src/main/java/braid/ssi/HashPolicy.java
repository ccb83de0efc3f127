package braid.ssi;

import java.util.Arrays;
import java.util.List;

/// Which headers name the member of a frame in the modes balance-xor and 802.3ad; the same member
/// that Linux's bonding driver picks ([FlowHash]).
public enum HashPolicy {
  /// Both MACs and the EtherType.
  LAYER2("layer2"),
  /// MACs, EtherType and IP addresses.
  LAYER2_3("layer2+3"),
  /// IP addresses and ports, or the identifier of an ICMP echo.
  LAYER3_4("layer3+4"),
  /// As layer2+3, with the addresses inside a tunnel.
  ENCAP2_3("encap2+3"),
  /// As layer3+4, with the addresses and ports inside a tunnel.
  ENCAP3_4("encap3+4"),
  /// Source MAC and VLAN tag: all that one guest sends stays on one member.
  VLAN_SRCMAC("vlan+srcmac");

  private final String text;

  HashPolicy(String text) {
    this.text = text;
  }

  /// The name in configurations and in Linux.
  public String text() {
    return text;
  }

  /// Names of all policies.
  public static List<String> texts() {
    return Arrays.stream(values()).map(HashPolicy::text).toList();
  }

  /// The policy of this name.
  ///
  /// @throws IllegalArgumentException when there is none
  public static HashPolicy of(String text) {
    for (HashPolicy policy : values()) {
      if (policy.text.equals(text)) {
        return policy;
      }
    }
    throw new IllegalArgumentException(
        "hash policy is one of " + String.join(", ", texts()) + ", not " + text);
  }

  @Override
  public String toString() {
    return text;
  }
}
