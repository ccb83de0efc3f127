/// See the package documentation of {@code braid.host}.
@org.jspecify.annotations.NullMarked
module braid.host {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires transitive braid.virtio;
  requires transitive braid.kernel;

  exports braid.host;
}
