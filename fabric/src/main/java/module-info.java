/// Another node's NIC as a local port, and the directory of all NICs.
@org.jspecify.annotations.NullMarked
module braid.fabric {
  requires static transitive org.jspecify;
  requires transitive braid.port;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.classes.io_uring;
  requires io.netty.transport.unix.common;
  requires org.jgroups;
  requires org.jgroups.raft;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires transitive minimal.json;

  exports braid.fabric;
  exports braid.fabric.directory;
  exports braid.fabric.pki;
}
