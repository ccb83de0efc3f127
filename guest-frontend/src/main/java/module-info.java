/// See the package documentation of {@code braid.guest}.
@org.jspecify.annotations.NullMarked
module braid.guest {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires transitive braid.virtio;
  requires transitive braid.kernel;
  requires org.slf4j;

  exports braid.guest;
}
