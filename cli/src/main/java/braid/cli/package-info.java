/// The `braid` program: `braid node` on a host, `braid guest` inside a virtual machine.
///
/// Everything else in Braid is a part with no idea of the others; here, and only here, they are
/// wired together as ports.
///
/// **Reading order**: [Braid] (commands and exit codes), [NodeConfig] (what a node is told, from
/// options or YAML),
/// [Node] (how the parts become a node), [GuestCommand] and [GuestStack] (how they become `ssi0`).
///
/// **Exit codes**: 0 done, 1 the world refused (an errno, a device), 2 the operator's input was
/// wrong: the line says where,
/// which key and what to do.
package braid.cli;
