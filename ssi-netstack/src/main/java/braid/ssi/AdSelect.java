package braid.ssi;

/// Which of several aggregators carries the traffic, when the members lead to more than one
/// partner: Linux's `ad_select`. Before all of these, one that meets min-links is preferred to one
/// that does not, one with a partner to one without.
public enum AdSelect {
  /// The one in use stays as long as it works; another one by bandwidth.
  STABLE,
  /// Always the one of most bandwidth.
  BANDWIDTH,
  /// Always the one of most links; by bandwidth among equals.
  COUNT
}
