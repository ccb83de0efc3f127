package braid.fabric;

import braid.port.Frame;
import braid.port.FramePool;

/// How much memory one session may use, which is also how much may be under way: a receiver gives
/// credit for what it has room for.
///
/// The bytes bound what a slow NIC keeps waiting, in memory and in time: 2 MiB are 17 ms at
/// 1 Gbit/s. Below (rate × round trip) they bound the rate.
///
/// @param frames    received frames held at a time, a power of two, 64 to 65536
/// @param bytes     of received frames held at a time, 256 KiB to 1 GiB
/// @param ringBytes between the worker and the I/O thread, each way, a power of two, 256 KiB to
///                  64 MiB; a continuity check waits at most behind this and the socket's buffer
public record Window(int frames, int bytes, int ringBytes) {
  /// 4096 frames, 2 MiB, rings of 256 KiB.
  public static final Window DEFAULT = new Window(4096, 2 << 20, 256 << 10);

  /// Own part of a received frame.
  static final int SLOT_BYTES = Frame.HEADER_BYTES + Frame.HEAD_BYTES;

  /// Control frames that wait for the worker's user at a time.
  static final int CONTROL_FRAMES = 64;

  /// Checks the ranges.
  public Window {
    check("frames", frames, 64, 65_536);
    check("bytes", bytes, 256 << 10, 1 << 30);
    check("ringBytes", ringBytes, 256 << 10, 64 << 20);
    if (Integer.bitCount(frames) != 1 || Integer.bitCount(ringBytes) != 1) {
      throw new IllegalArgumentException("window: frames and ringBytes are powers of two");
    }
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "window " + what + " " + value + ": use " + least + " to " + most);
    }
  }

  /// Memory for the received frames of one session, 64-byte aligned: for [Fabric#connect].
  public long memoryBytes() {
    return FramePool.bytesFor(frames + CONTROL_FRAMES, SLOT_BYTES) + bytes;
  }
}
