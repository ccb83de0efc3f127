/// Certificates of a cluster: one authority, and for each node a certificate whose name is the
/// node's. They are for people who have no public key infrastructure; who has one brings the same
/// three PEM files.
///
/// **Reading order**: [Certificates] makes them, [PemFiles] keeps them on disk, [NodeIdentity] is
/// what a node's TLS ends load and check before they use it.
///
/// **Threads**: everything here is immutable or static; control threads only, never a worker.
///
/// **Never** in this package: sockets, and time that was not passed in.
@org.jspecify.annotations.NullMarked
package braid.fabric.pki;
