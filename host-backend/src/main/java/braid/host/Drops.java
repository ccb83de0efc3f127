package braid.host;

import braid.port.Counter;
import braid.port.PortCounters;

/// Why frames of a guest's port were dropped, one counter for each cause. `rx` is out of the guest,
/// `tx` into it, as everywhere on ports.
final class Drops {
  /// Shorter than a virtio_net_hdr and an Ethernet header.
  final Counter tooShort;

  /// Longer than [braid.port.Frame#BYTES_MAX].
  final Counter tooLong;

  /// The chain has parts for the device to write.
  final Counter writable;

  /// More pieces of memory than a frame can carry.
  final Counter pieces;

  /// The virtio_net_hdr makes no sense for the frame, or asks for what was not negotiated.
  final Counter header;

  /// Sent while the queue was disabled.
  final Counter disabled;

  /// No guest is there, or its receive queue is not enabled.
  final Counter linkDown;

  /// The guest gave too few buffers for too long, or more frames came than there was room for.
  final Counter noBuffer;

  /// Does not fit into a buffer, without mergeable buffers.
  final Counter bufferTooSmall;

  /// Checksum or segmentation that the guest cannot take, and whose headers we could not follow.
  final Counter offload;

  Drops(PortCounters counters) {
    tooShort = counters.counter("rx_drop_too_short");
    tooLong = counters.counter("rx_drop_too_long");
    writable = counters.counter("rx_drop_writable_descriptor");
    pieces = counters.counter("rx_drop_too_many_pieces");
    header = counters.counter("rx_drop_bad_virtio_header");
    disabled = counters.counter("rx_drop_queue_disabled");
    linkDown = counters.counter("tx_drop_link_down");
    noBuffer = counters.counter("tx_drop_no_buffer");
    bufferTooSmall = counters.counter("tx_drop_buffer_too_small");
    offload = counters.counter("tx_drop_bad_offload");
  }
}
