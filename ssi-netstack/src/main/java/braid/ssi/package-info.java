/// The single system image: one NIC made of many, and the checks that say which of them live.
///
/// A [Bond] is a [braid.port.Port] made of Ports. It sends on one member or on many ([BondMode])
/// and listens on all; each member has a [MemberState], moved by carrier, by a continuity check in
/// band ([Continuity]) and, beyond the NIC, by a target that must answer ([ArpTarget], [NsTarget]).
/// The node's end of the continuity check is [MepPort], which wraps a guest's port.
///
/// **Why 802.1ag** and not BFD: a continuity check message is one Ethernet frame to a reserved
/// group address that no bridge forwards. It needs no IP address on either end, and guest and node
/// share none. Its interface status field lets a node tell the guest of a dead uplink in the same
/// frame.
///
/// **Reading order**: [MemberState] (the table), Heartbeat (when silence becomes loss), Mep and
/// TargetProbe (the two checks), Member (one port judged), ActiveBackup (the choice), [Bond] (what
/// follows from it), Receiver (what comes in), Sender and Steering (what goes out where: OneMember,
/// RoundRobin, HashSteering with [FlowHash], Flowlets with Load), Aggregation and Lacp (802.3ad),
/// [MepPort] (the other end), Announcer (what the network is told after a switch).
///
/// Beside the bond stand [Switch] (many ports share one), Admission (its gate) and MacTable (who is
/// where); and link aggregation: [LacpReceive], LacpPeriodic, [LacpMux] and [LacpChurn] (the tables
/// of IEEE 802.1AX), LacpPort (one link), Aggregate (the choice), Lacp (all links of a bond).
///
/// **Threads**: everything here belongs to the worker that owns the ports. **Never** here: system
/// calls, the system's clock, logging; a listener is told of changes.
package braid.ssi;
