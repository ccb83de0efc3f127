package braid.tck.sim;

import braid.port.Frame;
import braid.port.FrameSource;
import braid.port.LinkState;
import braid.port.Port;
import braid.port.PortCounters;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;

/// A guest's device as the node process sees it: a ring of buffers that the guest fills, and gets
/// back when their frames are released, in whatever order.
final class VmPort implements Port, FrameSource {
  private static final int RING = 256;
  private static final int STRIDE = 1024;

  /// A frame of the guest's that is numbered by nobody.
  private static final int UNCOUNTED = -1;

  private final Vm vm;
  private final Host host;
  private final long base;
  private final Frame[] frames = new Frame[RING];
  private final int[] numbers = new int[RING];
  private final Deque<Frame> free = new ArrayDeque<>();
  private final Deque<Frame> ready = new ArrayDeque<>();
  private final int[] flows = new int[RING];
  private final PortCounters counters = new PortCounters();
  private boolean open = true;

  VmPort(Vm vm, Host host, Arena arena) {
    this.vm = vm;
    this.host = host;
    this.base = arena.allocate((long) RING * STRIDE, 64).address();
    for (int i = 0; i < RING; i++) {
      frames[i] = new Frame(this, base + (long) i * STRIDE, STRIDE, 0);
      free.add(frames[i]);
    }
    Frame first = free.remove().open(0);
    first.write(vm.hello());
    numbers[index(first)] = UNCOUNTED;
    flows[index(first)] = UNCOUNTED;
    ready.add(first);
    vm.port(this);
  }

  private int index(Frame frame) {
    return (int) ((frame.base() - base) / STRIDE);
  }

  // The guest's side

  void wake() {
    host.wake();
  }

  /// The guest has a free buffer.
  boolean offers() {
    return open && !host.dead() && !free.isEmpty();
  }

  /// Numbered frames that wait to be taken.
  int ready() {
    int count = 0;
    for (Frame frame : ready) {
      count += flows[index(frame)] == UNCOUNTED ? 0 : 1;
    }
    return count;
  }

  /// The guest fills a buffer.
  void offer(byte[] bytes, int flow) {
    Frame frame = free.remove().open(0);
    frame.write(bytes);
    flows[index(frame)] = flow;
    ready.add(frame);
    host.wake();
  }

  // The node's side

  @Override
  public int receive(Frame[] into, int max) {
    int count = 0;
    while (count < max && !ready.isEmpty()) {
      Frame frame = ready.remove();
      int at = index(frame);
      if (flows[at] != UNCOUNTED) {
        numbers[at] = Frames.number(frame, vm.account().stream());
        vm.account().accept(numbers[at], flows[at]);
      }
      into[count++] = frame;
    }
    counters.rxFrames.add(count);
    return count;
  }

  @Override
  public void reclaim(Frame frame) {
    int at = index(frame);
    free.add(frame);
    if (open && flows[at] != UNCOUNTED) {
      vm.account().released(numbers[at]);
    }
  }

  @Override
  public void send(Frame[] batch, int count) {
    for (int i = 0; i < count; i++) {
      vm.receives(batch[i].toBytes());
      batch[i].release();
    }
    counters.txFrames.add(count);
  }

  @Override
  public int room() {
    return vm.takes() ? 64 : 0;
  }

  @Override
  public String name() {
    return vm.name();
  }

  @Override
  public void flush() {}

  @Override
  public LinkState link() {
    return LinkState.UP;
  }

  @Override
  public boolean arm() {
    return !ready.isEmpty();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  /// The process is gone: frames that come back are nobody's.
  void close() {
    open = false;
    vm.port(null);
    while (!ready.isEmpty()) {
      ready.remove().release();
    }
  }

  /// All buffers are back, but for those that are filled.
  boolean balanced() {
    return free.size() + ready.size() == RING;
  }
}
