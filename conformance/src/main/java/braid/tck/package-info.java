/// Conformance of a vhost-user-net back-end, seen through its socket alone: clause by clause, what
/// a hostile or broken front-end and guest may do to it.
///
/// **Reading order**: [Case] (one shape, its clause, what may come of it), [Outcome], [Guest] (a
/// front-end and a driver that do everything right until a case has them do wrong), then the cases:
/// [RingCases], [FrameCases], [TableCases], [MessageCases], [SessionCases]; [Conformance] runs
/// them.
///
/// **Independence**: nothing here uses the code of the back-end under test, nor its layouts or
/// constants: a fault shared by both sides would not show.
///
/// **Threads**: a case runs on one thread. **Never**: a verdict from the time something took; only
/// patience is limited.
package braid.tck;
