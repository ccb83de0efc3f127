/// See the package documentation of {@code braid.bench}.
@org.jspecify.annotations.NullMarked
module braid.bench {
  requires static org.jspecify;
  requires braid.fabric;
  requires braid.host;
  requires braid.kernel;
  requires braid.port;
  requires braid.vm;
  requires jdk.management;
}
