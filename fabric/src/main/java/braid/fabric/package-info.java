/// Another node's NIC as a local port.
///
/// **Reading order**: [FabricPort] (what a port owes whom), [Records] (the bytes between nodes, as
/// a table), [Session] with its halves [Transmitter] and [Receiver], [ByteRing] and [Connection]
/// (the border to the I/O threads), [Sessions] (the end that answers). Then the side that knows
/// sockets: [Carrier], [Sockets], [Lifeline], [Tls]; and [Fabric], which puts both together.
///
/// **Threads**: everything of the protocol is the worker's and takes its time from a clock, so a
/// simulation runs it with rings and no sockets. [Carrier] and [Sockets] run on I/O threads; the
/// two meet in [Connection] and nowhere else.
///
/// **Which memory** a session uses is fixed when it begins ([Window]); what a slow or dead peer
/// leaves waiting is bounded by it, and what finds no place is dropped in [Transmitter#send] and
/// counted.
///
/// **What is told apart** ([FabricEvent.Kind]): nobody there, refused, goodbye, cut, hung, a socket
/// that takes nothing, a broken protocol.
///
/// **Never** in this package: a decision that waits for the directory, a lock or an allocation per
/// frame, trust in a length or a number that a peer sent.
package braid.fabric;
