/// See the package documentation of {@code braid.ssi}.
@org.jspecify.annotations.NullMarked
module braid.ssi {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires com.github.benmanes.caffeine;

  exports braid.ssi;
}
