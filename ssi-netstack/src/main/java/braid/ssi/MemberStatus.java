package braid.ssi;

import braid.port.LinkState;

/// One member at one moment, for `status`.
///
/// @param name          of the member
/// @param state         where it stands
/// @param fitness       what the choice makes of that
/// @param active        it is the active member
/// @param inUse         the bond sends through it
/// @param link          its carrier and speed
/// @param distance      0 for a NIC of this node
/// @param priority      its rank among members that are alike
/// @param rate          bits per second that it carries outwards, over the last 0.1 to 0.2 s
/// @param flows         flows that share it, weighed by their bytes; 0 in modes that know no flows
/// @param pending       frames that its device has not completed
/// @param draining      told to carry nothing more
/// @param drained       and empty now: it can be taken away without loss
/// @param failures      how often it left [MemberState#UP]
/// @param holdNanos     how long it must stay healthy after the last failure
/// @param missed        continuity messages that never came
/// @param silenceNanos  since the last continuity message, 0 when none was heard
public record MemberStatus(
    String name,
    MemberState state,
    Fitness fitness,
    boolean active,
    boolean inUse,
    LinkState link,
    int distance,
    int priority,
    long rate,
    double flows,
    int pending,
    boolean draining,
    boolean drained,
    long failures,
    long holdNanos,
    long missed,
    long silenceNanos) {}
