/// The `braid` program: the only place where modules are wired together.
@org.jspecify.annotations.NullMarked
module braid.cli {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires braid.virtio;
  requires braid.kernel;
  requires braid.host;
  requires braid.fabric;
  requires braid.guest;
  requires braid.ssi;
  requires transitive info.picocli;
  requires org.snakeyaml.engine;
  requires org.slf4j;
  requires transitive minimal.json;
  requires io.prometheus.metrics.core;
  requires io.prometheus.metrics.model;
  requires io.prometheus.writer.text;
  requires jdk.httpserver;
  requires jdk.net;
  requires transitive java.logging;

  exports braid.cli;
  exports braid.cli.control;

  opens braid.cli to
      info.picocli;
  opens braid.cli.operator to
      info.picocli;
}
