/// Virtual machines, networks and processes for tests and demos: everything real, nothing left
/// behind.
///
/// **Reading order**: [Testbed] (owns all that a run starts), [Child] and [Console] (a process and
/// what it says), [Namespace] and [Lan] (a network in a box), [GuestFiles] (what `./dev setup`
/// made), [QemuVm] and [UmlVm] (two kinds of [Guest]), [Agent] (runs commands in a guest),
/// [Qmp] (talks to
/// QEMU), [AppDisk] (this application as a disk for a guest), [UdpReport] and [TcpReport] (what the
/// traffic program found).
///
/// **Threads**: a test thread calls; each process and each agent has one reader thread of its own
/// that only files lines away and wakes waiters.
///
/// **Time**: everything that waits takes a time-out, and says at its end what it waited for and
/// what was seen instead.
///
/// **Never** in this package: a process ended by name, an interface made outside a namespace of the
/// testbed, a wait without an end.
package braid.vm;
