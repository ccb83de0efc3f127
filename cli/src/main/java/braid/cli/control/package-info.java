/// A running node and its operators: what can be asked, what happens, and the socket between.
///
/// ```
///   braid status ── ControlClient ══ Unix socket ══ ControlServer ── NodeControl ── the node
///   Prometheus ──────────── HTTP on loopback ────── MetricsServer ──┘     │
///   braid events ◄─ EventHub ◄── the node's threads        CaptureRing ◄─ TapPoint ◄─ frames
/// ```
/// **Reading order**: [NodeControl] (the verbs), [NodeView] (what is seen), [NodeEvent] and
/// [EventHub] (what happens).
///
/// **Threads**: everything here runs beside the workers. Nothing waits on a worker's thread, and a
/// reader that does not read, on the socket, of events or of a capture, loses its own data and
/// nobody else's.
package braid.cli.control;
