package braid.ssi;

import braid.port.Counter;
import braid.port.PortCounters;

/// What a bond counts besides frames and bytes.
final class Counters {
  final PortCounters port = new PortCounters();
  final Counter dropInactive = port.counter("rx_drop_inactive");
  final Counter dropOwn = port.counter("rx_drop_own");
  final Counter dropShort = port.counter("rx_drop_short");
  final Counter dropNoMember = port.counter("tx_drop_no_member");
  final Counter dropResend = port.counter("tx_drop_resend");
  final Counter dropFull = port.counter("tx_drop_member_full");
  final Counter dropNoCopy = port.counter("tx_drop_no_copy");
  final Counter dropControl = port.counter("tx_drop_control");
  final Counter resent = port.counter("tx_resent");
  final Counter switches = port.counter("active_changes");
  final Counter controlReceived = port.counter("control_rx");
  final Counter controlSent = port.counter("control_tx");
  final Counter controlWrong = port.counter("control_rx_wrong");
  final Counter noControlFrame = port.counter("control_no_frame");
  final Counter announced = port.counter("announced");
  final Counter stalls = port.counter("worker_stalls");

  Counters() {}
}
