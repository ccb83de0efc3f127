package braid.virtio;

import braid.virtio.BackendMessage.ConfigChange;
import braid.virtio.BackendMessage.Iotlb;
import braid.virtio.BackendMessage.SharedObjectAdd;
import braid.virtio.BackendMessage.SharedObjectLookup;
import braid.virtio.BackendMessage.SharedObjectRemove;
import braid.virtio.BackendMessage.ShmemMap;
import braid.virtio.BackendMessage.ShmemUnmap;
import braid.virtio.BackendMessage.VringCall;
import braid.virtio.BackendMessage.VringErr;
import braid.virtio.BackendMessage.VringHostNotifier;
import java.nio.ByteBuffer;

/// Payloads of the back-end's requests; sizes have been checked against the table.
final class BackendCodec {
  private static final int NO_FD = 1 << 8;

  private BackendCodec() {}

  static BackendMessage read(VhostUserRequest request, ByteBuffer in, int fds)
      throws ProtocolException {
    return switch (request) {
      case BACKEND_IOTLB_MSG ->
          new Iotlb(VhostUserCodec.iotlb(in, IotlbEntry.Type.MISS, IotlbEntry.Type.ACCESS_FAIL));
      case BACKEND_CONFIG_CHANGE_MSG -> new ConfigChange();
      case BACKEND_VRING_HOST_NOTIFIER_MSG -> {
        int number = (int) in.getLong();
        if (((number & NO_FD) != 0) != (fds == 0)) {
          throw new ProtocolException(
              "VHOST_USER_" + request, "number " + number + " with " + fds + " descriptors");
        }
        yield new VringHostNotifier(number & 0xff, fds == 1, in.getLong(), in.getLong());
      }
      case BACKEND_VRING_CALL -> new VringCall(in.getInt());
      case BACKEND_VRING_ERR -> new VringErr(in.getInt());
      case BACKEND_SHARED_OBJECT_ADD -> new SharedObjectAdd(FrontendCodec.uuid(in));
      case BACKEND_SHARED_OBJECT_REMOVE -> new SharedObjectRemove(FrontendCodec.uuid(in));
      case BACKEND_SHARED_OBJECT_LOOKUP -> new SharedObjectLookup(FrontendCodec.uuid(in));
      case BACKEND_SHMEM_MAP ->
          new ShmemMap(
              (int) in.getLong() & 0xff, in.getLong(), in.getLong(), in.getLong(), in.getLong());
      case BACKEND_SHMEM_UNMAP ->
          new ShmemUnmap(
              (int) in.getLong() & 0xff, in.getLong(), in.getLong(), in.getLong(), in.getLong());
      default -> throw new AssertionError(request + " is not the back-end's");
    };
  }

  static void write(BackendMessage message, ByteBuffer out) {
    switch (message) {
      case Iotlb m -> VhostUserCodec.putIotlb(out, m.entry());
      case ConfigChange _ -> {}
      case VringHostNotifier m ->
          out.putLong(m.index() | (m.hasFd() ? 0 : NO_FD)).putLong(m.size()).putLong(m.offset());
      case VringCall m -> out.putInt(m.index()).putInt(0);
      case VringErr m -> out.putInt(m.index()).putInt(0);
      case SharedObjectAdd m -> FrontendCodec.put(out, m.object());
      case SharedObjectRemove m -> FrontendCodec.put(out, m.object());
      case SharedObjectLookup m -> FrontendCodec.put(out, m.object());
      case ShmemMap m ->
          mmap(out, m.region(), m.fdOffset(), m.shmOffset(), m.length()).putLong(m.flags());
      case ShmemUnmap m ->
          mmap(out, m.region(), m.fdOffset(), m.shmOffset(), m.length()).putLong(m.flags());
    }
  }

  private static ByteBuffer mmap(
      ByteBuffer out, int region, long fdOffset, long shmOffset, long length) {
    return out.putLong(region).putLong(fdOffset).putLong(shmOffset).putLong(length);
  }
}
