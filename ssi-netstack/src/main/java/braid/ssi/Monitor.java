package braid.ssi;

/// What is checked on each member of a bond. The carrier always is, so there is no bond without a
/// check; what takes longest to notice when each fails:
///
/// | monitor | a fault shows after |
/// |---|---|
/// | [Carrier] | the port's report, at once |
/// | [Continuity] | 3.5 intervals |
/// | [ArpTarget], [NsTarget] | missed probes and half an interval; a fifth when data stops |
public sealed interface Monitor permits Carrier, Continuity, ArpTarget, NsTarget {}
