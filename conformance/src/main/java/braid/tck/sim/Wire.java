package braid.tck.sim;

import braid.fabric.ByteRing;
import braid.fabric.Connection;
import braid.fabric.Ending;
import braid.fabric.FabricEvent;
import braid.port.Memory;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/// One connection of the fabric between two processes, as TCP would carry it: bytes in order, each
/// way with its own delay, held up by cuts, by a paused process and by a reader that is slow.
///
/// It plays the part of the fabric's I/O threads: looks when a worker calls, publishes what
/// arrives, ends what is over. Bytes cross in pieces of any size, so records are cut anywhere.
final class Wire {
  private static final int RING_BYTES = 128 << 10;
  private static final int SOCKET_BYTES = 64 << 10;
  private static final int PIECE_MAX = 16 << 10;
  private static final long IO_NANOS = 15_000;
  private static final long BITS_PER_SECOND = 1_000_000_000;

  private final Network network;
  private final Side near;
  private final Side far;
  private final Arena memory = Arena.ofConfined();
  private int ringsHeld = 2;

  /// One process's end.
  private final class Side {
    private final Host host;
    private final Connection connection;

    /// On the way to this side.
    private final Deque<byte[]> incoming = new ArrayDeque<>();

    private final Deque<Long> times = new ArrayDeque<>();

    /// How much of the first piece has been taken.
    private int taken;

    private int bytes;
    private long lastAt;
    private boolean closed;
    private boolean looking;
    private boolean arriving;

    /// The peer closed after what is on the way.
    private boolean finished;

    private Side(Host host, String peer) {
      this.host = host;
      this.connection =
          new Connection(
              ring(),
              ring(),
              host::wake,
              new Connection.Peer(Set.of(peer), InetSocketAddress.createUnresolved(peer, 1)),
              Wire.this::ringsFree);
      connection.onCall(this::called);
    }

    private Side other() {
      return this == near ? far : near;
    }

    private boolean cutOff() {
      return network.blocked(other().host.name(), host.name());
    }

    private void called() {
      if (!looking) {
        looking = true;
        host.io(network.random().nextLong(IO_NANOS), this::look);
      }
    }

    /// The I/O thread has been called: takes what goes out, and finds room for what came in.
    private void look() {
      looking = false;
      if (closed) {
        return;
      }
      connection.look();
      if (connection.aborted()) {
        close("aborted here");
        other().aborted();
        return;
      }
      arrive();
      send();
    }

    private void send() {
      ByteRing ring = connection.outgoing();
      Side to = other();
      boolean moved = false;
      while (!closed && to.bytes < SOCKET_BYTES && ring.readable() > 0) {
        int most = Math.min(PIECE_MAX, 1 + network.random().nextInt(PIECE_MAX));
        int part = Math.min(ring.contiguousReadable(), most);
        byte[] piece = new byte[part];
        Memory.read(ring.takeAddress(), piece, 0, part);
        ring.consume(part);
        to.sent(piece);
        moved = true;
      }
      if (moved) {
        connection.departed();
      }
      if (!closed && connection.hangingUp() && ring.readable() == 0) {
        close("hung up here");
        to.finished = true;
        to.expect();
      }
    }

    private void sent(byte[] piece) {
      long now = network.time().now();
      long wire = piece.length * 8L * 1_000_000_000L / BITS_PER_SECOND;
      lastAt = Math.max(now + network.latency(), lastAt) + wire;
      incoming.add(piece);
      times.add(lastAt);
      bytes += piece.length;
      expect();
    }

    private void expect() {
      if (!arriving) {
        arriving = true;
        long at = times.isEmpty() ? network.time().now() + network.latency() : times.element();
        host.io(Math.max(0, at - network.time().now()), this::arrived);
      }
    }

    private void arrived() {
      arriving = false;
      arrive();
    }

    private void arrive() {
      if (cutOff() || host.dead() || host.paused()) {
        return;
      }
      if (closed) {
        if (!incoming.isEmpty()) {
          other().aborted(); // the kernel says that nobody is here
        }
        drop();
        return;
      }
      boolean came = false;
      while (!incoming.isEmpty() && times.element() <= network.time().now()) {
        byte[] piece = incoming.element();
        int part = put(piece);
        came |= part > 0;
        taken += part;
        if (taken < piece.length) {
          break;
        }
        taken = 0;
        bytes -= piece.length;
        incoming.remove();
        times.remove();
      }
      if (came) {
        connection.arrived();
        if (!other().closed) {
          other().called();
        }
      }
      waitForMore();
    }

    private void waitForMore() {
      if (incoming.isEmpty()) {
        if (finished) {
          close("the peer closed without a goodbye");
        }
      } else if (times.element() > network.time().now()) {
        expect();
      }
      // Else the worker calls when it has made room.
    }

    private int put(byte[] piece) {
      ByteRing ring = connection.incoming();
      int done = 0;
      while (taken + done < piece.length) {
        int part = Math.min(ring.contiguousFree(), piece.length - taken - done);
        if (part == 0 && (ring.free() > 0 || connection.wantSpace())) {
          break;
        }
        if (part > 0) {
          Memory.write(piece, taken + done, ring.putAddress(), part);
          ring.advance(part);
          done += part;
        }
      }
      return done;
    }

    /// The other end is gone, and says so if the way is free.
    private void aborted() {
      if (!closed && !cutOff()) {
        network.time().after(network.latency(), () -> close("connection reset"));
      }
    }

    private void close(String why) {
      if (!closed) {
        closed = true;
        drop();
        connection.ended(new Ending(FabricEvent.Kind.LOST, why));
      }
    }

    private void drop() {
      incoming.clear();
      times.clear();
      bytes = 0;
      taken = 0;
    }
  }

  Wire(Network network, NodeProcess from, NodeProcess to) {
    this.network = network;
    this.near = new Side(from.host(), to.host().name());
    this.far = new Side(to.host(), from.host().name());
  }

  private ByteRing ring() {
    return new ByteRing(memory.allocate(RING_BYTES, 64));
  }

  private void ringsFree() {
    if (--ringsHeld == 0) {
      memory.close();
    }
  }

  Connection near() {
    return near.connection;
  }

  Connection far() {
    return far.connection;
  }

  boolean between(String one, String other) {
    Set<String> names = Set.of(near.host.name(), far.host.name());
    return names.contains(one) && names.contains(other);
  }

  boolean over() {
    return near.closed && far.closed;
  }

  /// What a cut held up is sent again.
  void retry() {
    for (Side side : new Side[] {near, far}) {
      if (!side.closed || !side.incoming.isEmpty()) {
        side.host.io(0, side::arrived);
        side.called();
      }
    }
  }

  void reset() {
    near.close("connection reset");
    far.close("connection reset");
  }

  void died(Host host) {
    for (Side side : new Side[] {near, far}) {
      if (side.host == host && !side.closed) {
        side.close("killed");
        side.other().aborted();
      }
    }
  }
}
