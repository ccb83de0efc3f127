/// See the package documentation of {@code braid.tck}.
@org.jspecify.annotations.NullMarked
module braid.tck {
  requires static transitive org.jspecify;
  requires braid.fabric;
  requires braid.kernel;
  requires braid.ssi;

  exports braid.tck;
  exports braid.tck.sim;
}
