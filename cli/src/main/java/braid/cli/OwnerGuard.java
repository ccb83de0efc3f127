package braid.cli;

import braid.fabric.directory.Ownership;
import braid.port.Counter;
import braid.port.Frame;
import braid.port.Port;
import java.util.Arrays;
import java.util.List;

/// Keeps another node from speaking for a guest that the directory says is somebody else's: wraps
/// the session of that node, and drops its frames with such a source address.
///
/// What nobody owns passes: guests go on when the directory cannot say whose they are. So does what
/// this node has not heard of yet; the fence is as good as the map, and the map is milliseconds
/// behind while it is not stale. A node whose token was outrun is fenced as soon as the map says
/// so.
///
/// **Thread**: the worker.
final class OwnerGuard extends ThroughPort {
  private static final int SOURCE = 6;
  private static final int MACS_BYTES = 12;

  private final String node;
  private final Counter dropForeign;
  private long[] foreign = new long[0];

  /// @param inner the session
  /// @param node  at its other end
  OwnerGuard(Port inner, String node) {
    super(inner);
    this.node = node;
    this.dropForeign = inner.counters().counter("rx_drop_not_owner");
  }

  /// Who owns what, as the directory says now.
  void owners(List<Ownership> owners) {
    foreign =
        owners.stream()
            .filter(owner -> !owner.node().equals(node))
            .mapToLong(Ownership::mac)
            .sorted()
            .toArray();
  }

  @Override
  public int receive(Frame[] into, int max) {
    int got = super.receive(into, max);
    if (foreign.length == 0) {
      return got;
    }
    int kept = 0;
    for (int i = 0; i < got; i++) {
      Frame frame = into[i];
      if (frame.headLength() >= MACS_BYTES
          && Arrays.binarySearch(foreign, frame.mac(SOURCE)) >= 0) {
        dropForeign.add(1);
        frame.release();
      } else {
        into[kept++] = frame;
      }
    }
    return kept;
  }
}
