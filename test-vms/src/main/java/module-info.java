/// See the package documentation of {@code braid.vm}.
@org.jspecify.annotations.NullMarked
module braid.vm {
  requires static transitive org.jspecify;
  requires transitive minimal.json;

  exports braid.vm;
}
