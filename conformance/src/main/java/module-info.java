/// See the package documentation of {@code braid.tck}.
@org.jspecify.annotations.NullMarked
module braid.tck {
  requires static transitive org.jspecify;
  requires braid.kernel;

  exports braid.tck;
}
