package braid.bench;

import braid.vm.Testbed;

/// Who takes part in `bench failover`.
enum ContenderKind {
  BRAID_NODE("braid-node", "Braid, bond below the guest"),
  BRAID_GUEST("braid-guest", "Braid, bond in the guest"),
  BRAID_BELOW_DPDK("braid-dpdk", "Braid, bond below a DPDK process"),
  KERNEL_MIIMON_10("kernel-mii10", "Linux bonding, miimon 10"),
  KERNEL_MIIMON_100("kernel-mii100", "Linux bonding, miimon 100"),
  KERNEL_ARP_10("kernel-arp10", "Linux bonding, arp_interval 10"),
  DPDK("dpdk", "DPDK net_bonding, Open vSwitch"),
  DPDK_OVER_BRAID("dpdk-braid", "DPDK net_bonding, Braid's nodes");

  final String word;
  final String text;

  ContenderKind(String word, String text) {
    this.word = word;
    this.text = text;
  }

  /// Starts it with its traffic, all on path 0.
  Contender start(Testbed testbed) {
    return switch (this) {
      case BRAID_NODE -> NodeBond.belowGuest(testbed);
      case BRAID_GUEST -> new GuestBond(testbed);
      case BRAID_BELOW_DPDK -> NodeBond.belowDpdk(testbed);
      case KERNEL_MIIMON_10 -> new KernelBond(testbed, text, 10, 0);
      case KERNEL_MIIMON_100 -> new KernelBond(testbed, text, 100, 0);
      case KERNEL_ARP_10 -> new KernelBond(testbed, text, 0, 10);
      case DPDK -> DpdkBond.overOpenVswitch(testbed);
      case DPDK_OVER_BRAID -> DpdkBond.overBraid(testbed);
    };
  }
}
