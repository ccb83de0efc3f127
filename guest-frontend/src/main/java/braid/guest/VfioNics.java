package braid.guest;

import braid.kernel.PciFunction;
import braid.kernel.VfioContainer;
import braid.kernel.VfioDevice;
import braid.kernel.VfioGroup;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All virtio network functions that were taken from the kernel: bound to vfio-pci, in one I/O
/// address space, with the DMA memory mapped for all of them.
///
/// One address space also means that each device can reach the frames of the others. Devices of
/// one machine have the same host, so that is no border here.
///
/// **Thread**: one control thread. **Order at the end**: ports (each closes its transport), this,
/// the DMA memory.
public final class VfioNics implements AutoCloseable {
  private final List<VirtioPciTransport> transports = new ArrayList<>();
  private final Deque<Runnable> undo = new ArrayDeque<>();

  private VfioNics() {}

  /// Takes the functions over. If one cannot be had, all are given back.
  ///
  /// @param functions at least one
  /// @param memory    mapped for them at [DmaMemory#IOVA] until [#close]
  /// @throws braid.kernel.LinuxException with the remedy
  /// @throws TransportException          when a function is no modern virtio device
  public static VfioNics open(List<PciFunction> functions, DmaMemory memory) {
    VfioNics nics = new VfioNics();
    try {
      nics.take(functions, memory);
      return nics;
    } catch (RuntimeException e) {
      nics.transports.forEach(VirtioPciTransport::close);
      nics.close();
      throw e;
    }
  }

  private void take(List<PciFunction> functions, DmaMemory memory) {
    for (PciFunction function : functions) {
      PciFunction.Loan loan = function.lendToVfio();
      undo.push(loan::close);
    }
    VfioContainer container = VfioContainer.open();
    undo.push(container::close);
    Map<Integer, VfioGroup> groups = new HashMap<>();
    List<VfioGroup> groupOf = new ArrayList<>();
    for (PciFunction function : functions) {
      groupOf.add(groups.computeIfAbsent(function.iommuGroup(), n -> enter(container, n)));
    }
    // After the first group: only then there is an address space.
    container.map(memory.memory(), DmaMemory.IOVA);
    for (int i = 0; i < functions.size(); i++) {
      VfioDevice device = groupOf.get(i).device(functions.get(i).address());
      transports.add(transportOf(device, memory));
    }
  }

  private VfioGroup enter(VfioContainer container, int number) {
    VfioGroup group = container.group(number);
    undo.push(group::close);
    return group;
  }

  private static VirtioPciTransport transportOf(VfioDevice device, DmaMemory memory) {
    try {
      return new VirtioPciTransport(device, memory);
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  /// One for each function, in the order given to [#open]; each is closed by its port.
  public List<VirtioPciTransport> transports() {
    return List.copyOf(transports);
  }

  /// Unmaps the memory and gives every function back to the driver that had it.
  @Override
  public void close() {
    @Nullable RuntimeException first = null;
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (RuntimeException e) {
        // The rest is given back all the same.
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
