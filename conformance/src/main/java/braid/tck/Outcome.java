package braid.tck;

/// What came of a case, as the front-end can see it.
public enum Outcome {
  /// The back-end closed the session.
  ENDED,
  /// The request was answered with an error (REPLY_ACK), the session lives.
  REFUSED,
  /// The chain came back unused and the ring goes on.
  DROPPED,
  /// The back-end does not serve this ring any more; the session lives.
  STOPPED,
  /// It was borne: everything works as if nothing had been.
  BORNE,
  /// The back-end did none of what a case allows; the detail says what.
  WRONG
}
