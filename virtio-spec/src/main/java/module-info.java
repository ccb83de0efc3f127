/// See the package documentation of {@code braid.virtio}.
@org.jspecify.annotations.NullMarked
module braid.virtio {
  requires static transitive org.jspecify;

  exports braid.virtio;
}
