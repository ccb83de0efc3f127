/// The `braid` program: the only place where modules are wired together.
@org.jspecify.annotations.NullMarked
module braid.cli {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires braid.virtio;
  requires braid.kernel;
  requires braid.host;
  requires braid.guest;
  requires braid.ssi;
  requires braid.fabric;
  requires transitive info.picocli;
  requires org.snakeyaml.engine;
  requires org.slf4j;
  requires transitive java.logging;

  exports braid.cli;

  opens braid.cli to
      info.picocli;
}
