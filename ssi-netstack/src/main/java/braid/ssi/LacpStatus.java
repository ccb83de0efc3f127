package braid.ssi;

/// One link at one moment as LACP sees it, for `status`.
///
/// @param member    its name
/// @param receive   what is heard of the partner
/// @param mux       how far it is in carrying traffic
/// @param selection whether its aggregator carries the traffic
/// @param actor     our end
/// @param partner   the far end, as heard or assumed
/// @param churned   one end did not get in sync within 60 s: it is misconfigured
public record LacpStatus(
    String member,
    LacpReceive receive,
    LacpMux mux,
    LacpSelection selection,
    LacpInfo actor,
    LacpInfo partner,
    boolean churned) {}
