package braid.ssi;

import braid.port.LinkState;

/// One member at one moment, for `status`.
///
/// @param name          of the member
/// @param state         where it stands
/// @param active        the bond sends through it
/// @param link          its carrier
/// @param failures      how often it left [MemberState#UP]
/// @param holdNanos     how long it must stay healthy after the last failure
/// @param missed        continuity messages that never came
/// @param silenceNanos  since the last continuity message, 0 when none was heard
public record MemberStatus(
    String name,
    MemberState state,
    boolean active,
    LinkState link,
    long failures,
    long holdNanos,
    long missed,
    long silenceNanos) {}
