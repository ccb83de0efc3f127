/// See the package documentation of {@code braid.kernel}.
@org.jspecify.annotations.NullMarked
module braid.kernel {
  requires static transitive org.jspecify;
  requires transitive braid.port;

  exports braid.kernel;
}
