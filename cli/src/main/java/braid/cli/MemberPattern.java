package braid.cli;

/// Which NICs are members of a bond: one, or all that fit.
///
/// | written | means |
/// |---|---|
/// | `a0` | NIC a0 of this node |
/// | `b/b0` | NIC b0 of node b |
/// | `b/*` | every NIC of node b in the directory |
/// | `*` | every NIC of every node in the directory, this one's among them |
///
/// @param node name of the node, empty for this one, [#ANY] for all
/// @param nic  name of the NIC, [#ANY] for all
record MemberPattern(String node, String nic) {
  static final String ANY = "*";

  /// Reads one.
  ///
  /// @param field for the message
  static MemberPattern of(String text, Field field) {
    int slash = text.indexOf('/');
    String node = slash < 0 ? "" : text.substring(0, slash);
    String nic = text.substring(slash + 1);
    if (text.equals(ANY)) {
      return new MemberPattern(ANY, ANY);
    }
    try {
      if (slash >= 0 && !node.equals(ANY)) {
        field.name(node);
      }
      if (!nic.equals(ANY)) {
        field.name(nic);
      }
    } catch (ConfigException e) {
      throw field.wrong(
          "members",
          "member '" + text + "' of " + field.what() + " is no NIC",
          "Write NIC for one of this node, NODE/NIC for another's, NODE/* or * for all");
    }
    return new MemberPattern(node, nic);
  }

  /// NICs of other nodes can fit.
  boolean remote() {
    return !node.isEmpty();
  }

  /// It stands for as many NICs as there are.
  boolean open() {
    return node.equals(ANY) || nic.equals(ANY);
  }

  /// A NIC of another node fits.
  boolean fits(String otherNode, String otherNic) {
    return remote()
        && (node.equals(ANY) || node.equals(otherNode))
        && (nic.equals(ANY) || nic.equals(otherNic));
  }

  /// A NIC of this node fits.
  ///
  /// @param here this node's name
  boolean fitsOwn(String here, String ownNic) {
    boolean ours = node.isEmpty() || node.equals(ANY) || node.equals(here);
    return ours && (nic.equals(ANY) || nic.equals(ownNic));
  }

  /// All NICs that fit `other` fit this.
  boolean covers(MemberPattern other) {
    return (node.equals(other.node) || node.equals(ANY))
        && (nic.equals(other.nic) || nic.equals(ANY));
  }

  @Override
  public String toString() {
    return node.isEmpty() ? nic : node.equals(ANY) && nic.equals(ANY) ? ANY : node + "/" + nic;
  }
}
