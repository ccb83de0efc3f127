package braid.tck;

/// Where it is written.
///
/// @param document `VIRTIO` (1.3) or `vhost-user`
/// @param section  number or heading
public record Clause(String document, String section) {
  static Clause virtio(String section) {
    return new Clause("VIRTIO", section);
  }

  static Clause vhostUser(String section) {
    return new Clause("vhost-user", section);
  }

  @Override
  public String toString() {
    return document + " " + section;
  }
}
