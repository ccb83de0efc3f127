/// The device side of vhost-user-net: what `braid node` shows to a guest.
///
/// **Reading order**: [VhostNetPort] (the guest as a port; with [GuestTransmitQueue] and
/// [GuestReceiveQueue] the whole data path), [VhostUserServer] (front-ends come and go), then the
/// protocol behind it: [Session] (messages), [GuestRings] (what a session changes on the worker),
/// [GuestMemory] and [Iotlb] (addresses).
///
/// **Threads**: the data path is the worker's. Each socket has one control thread, which changes
/// the data path only by commands on the worker, and one more for requests to the front-end, which
/// may have to wait.
///
/// **Trust**: guest and front-end are hostile. What they own is read once, then checked, then used;
/// what they break ends their own ring or session, with a counter and one log line.
///
/// **Never** here: knowledge of bonds, uplinks or other nodes.
package braid.host;
