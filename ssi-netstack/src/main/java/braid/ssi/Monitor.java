package braid.ssi;

/// What is checked on each member of a bond besides its carrier, which always is.
public sealed interface Monitor permits Continuity, ArpTarget, NsTarget {}
