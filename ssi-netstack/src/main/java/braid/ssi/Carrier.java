package braid.ssi;

/// The member's carrier alone. It is always watched, whatever else is; naming it says that nothing
/// else shall be.
public record Carrier() implements Monitor {
  /// The only one.
  public static final Carrier ONLY = new Carrier();
}
