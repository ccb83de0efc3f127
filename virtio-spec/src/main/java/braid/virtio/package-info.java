/// What the VIRTIO and vhost-user specifications say: bytes, bits, rings. No I/O, no threads, no
/// dependency.
///
/// **Reading order**: [SplitRing] (the layout both halves share), [DeviceQueue] (the device half:
/// takes [Chain]s the driver offers; [DescriptorWalk] reads them), [DriverQueue] (the driver half:
/// offers them), [RingFault] (everything a peer can do wrong to a ring). Then virtio-net:
/// [NetHeader], [NetConfig], [Feature], [Features]; initialization: [DeviceStatus], [PciCaps],
/// [CommonConfig]. Then vhost-user: [VhostUserRequest] (the table), [FrontendMessage] and
/// [BackendMessage], [VhostUserReply], [VhostUserCodec], [ProtocolFeature].
///
/// **Section numbers** are those of VIRTIO 1.4; 2.7 and 5.1 have the same numbers in 1.2 and 1.3.
/// The vhost-user protocol has no section numbers; its clauses are cited by their headings.
///
/// **Threads**: an object of this package belongs to one thread at a time. Constants, records and
/// static functions belong to everybody.
///
/// **Trust**: what the other side owns is read once into a local, then checked, then used. What it
/// did wrong is a [RingFault] on the data path and a [ProtocolException] on the control path;
/// nothing here logs.
package braid.virtio;
