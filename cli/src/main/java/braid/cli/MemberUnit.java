package braid.cli;

import braid.port.Port;
import braid.port.TapPoint;
import braid.ssi.MemberConfig;

/// A NIC in a bond: how it is plugged in and taken out.
sealed interface MemberUnit permits LocalMember, RemoteMember {
  /// Its name in the bond.
  String name();

  /// How it ranks, as it was added.
  MemberConfig config();

  /// What the bond gets; the worker.
  Port plug();

  /// Lets go of what [#plug] got, after the bond has let go; the worker.
  void unplug();

  /// Frames given to it that the NIC has not taken; the worker.
  int pending();

  /// Where frames can be watched, null where that is somebody else's.
  @org.jspecify.annotations.Nullable
  TapPoint point();

  /// The control thread, after [#unplug].
  default void retire(Engine engine) {}
}
