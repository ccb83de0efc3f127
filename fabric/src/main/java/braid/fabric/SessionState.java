package braid.fabric;

/// Where one end of a session stands.
/// ```
///   the end that dials                             the end that answers
///   IDLE ──time──► DIALING ──► GREETING            IDLE ◄─────────────┐
///    ▲                │            │ HELLO           │ HELLO known,    │
///    │                │            ▼                 ▼ and answered    │
///    └───── any end ◄─┴─────────── UP                UP ────any end────┘
///   CLOSED: by its owner                           CLOSED: by its owner, the peer, or time
/// ```
enum SessionState {
  /// No connection; the end that dials waits for the time of the next attempt.
  IDLE,
  /// The dialer is at work.
  DIALING,
  /// Our greeting is sent, the peer's is awaited.
  GREETING,
  /// Frames move.
  UP,
  /// For good.
  CLOSED
}
