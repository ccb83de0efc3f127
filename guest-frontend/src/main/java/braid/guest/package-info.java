/// The driver side of virtio-net: a device becomes a [braid.port.Port].
///
/// **Reading order**: [VirtioNetPort] (the life of a driver: opening, link down, silence), then
/// [ReceiveQueue] and [TransmitQueue] (who holds which buffer), [VirtioTransport] (the verbs of
/// VIRTIO) and its two ways to a device: [VirtioPciTransport] over VFIO, inside a guest, and
/// [VhostUserTransport], where this process is the front-end itself. [DmaMemory] is what devices
/// may reach; [VfioNics] takes functions over from the kernel and gives them back.
///
/// **Threads**: everything is set up on a control thread; then a port and its transport belong to
/// one worker.
///
/// **Trust**: the device may be hostile. It can lose, delay or forge its own frames, and read and
/// write DMA memory; it cannot make this process fail.
///
/// **Never** here: copies of frames that lie in DMA memory, allocation per frame, knowledge of
/// bonds or TAPs.
package braid.guest;
