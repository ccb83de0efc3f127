/// See the package documentation of {@code braid.port}.
@org.jspecify.annotations.NullMarked
module braid.port {
  requires static transitive org.jspecify;

  exports braid.port;
}
