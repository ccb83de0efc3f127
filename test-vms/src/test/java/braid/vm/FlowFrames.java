package braid.vm;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Frames of every kind that a hash over headers may meet, at random: tags, IPv4 and IPv6 with
/// options, extension headers and fragments, transport protocols, tunnels within tunnels, other
/// protocols, and some that are cut or scrambled. The same seed gives the same frames.
final class FlowFrames {
  private static final int LONGEST = 600;
  private static final int DEEPEST = 3;

  /// The kernel drops a tagged frame that ends before the type behind its tag.
  private static final int SHORTEST = 20;

  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int GRE = 47;
  private static final int AH = 51;
  private static final int ICMP = 1;
  private static final int ICMP6 = 58;
  private static final int FRAGMENT = 44;

  /// Transport protocols, common ones more often; among them IPIP, 6in4, DCCP, UDP-Lite, OSPF.
  private static final int[] TRANSPORTS = {
    TCP, TCP, TCP, UDP, UDP, UDP, 132, 132, ICMP, ICMP, ICMP6, ICMP6, GRE, GRE, 4, 41, 50, AH, 33,
    136, 2, 89, 137, 255
  };

  private static final int[] EXTENSIONS = {0, 43, 60, FRAGMENT, AH, 135};

  private static final int TIPC = 0x88ca;
  private static final int FCOE = 0x8906;

  /// Loopback, PTP, LLDP, TIPC, FCoE, EAPOL, RoCE, MACsec, B.A.T.M.A.N., profinet, RARP.
  private static final int[] OTHERS = {
    0x9000, 0x88f7, 0x88cc, TIPC, FCOE, 0x888e, 0x8915, 0x88e5, 0x4305, 0x8892, 0x8035
  };

  private final RandomGenerator random;
  private final ByteBuffer out = ByteBuffer.allocate(LONGEST);

  FlowFrames(RandomGenerator random) {
    this.random = random;
  }

  /// The next frame, 20 to 600 bytes.
  byte[] next() {
    out.clear();
    ethernet(0);
    byte[] frame = Arrays.copyOf(out.array(), Math.max(out.position(), chance(0.8) ? 60 : 0));
    if (chance(0.05)) {
      frame = Arrays.copyOf(frame, random.nextInt(SHORTEST, frame.length + 1));
    }
    if (chance(0.05)) {
      for (int i = random.nextInt(1, 5); i > 0; i--) {
        frame[random.nextInt(Math.min(frame.length, 80))] = (byte) random.nextInt();
      }
    }
    return frame;
  }

  private boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  private int one(int[] of) {
    return of[random.nextInt(of.length)];
  }

  /// Writes 8, 16, 32 bits or random bytes as far as there is room.
  private void u8(int value) {
    if (out.hasRemaining()) {
      out.put((byte) value);
    }
  }

  private void u16(int value) {
    u8(value >> 8);
    u8(value);
  }

  private void u32(int value) {
    u16(value >> 16);
    u16(value);
  }

  private void noise(int bytes) {
    for (int i = 0; i < bytes; i++) {
      u8(random.nextInt());
    }
  }

  private void ethernet(int depth) {
    noise(12);
    int tags = chance(0.6) ? 0 : random.nextInt(1, 4);
    for (int i = 0; i < tags; i++) {
      u16(chance(0.6) ? 0x8100 : chance(0.8) ? 0x88a8 : 0x9100);
      u16(chance(0.2) ? random.nextInt(8) << 13 : random.nextInt());
    }
    switch (random.nextInt(20)) {
      case 0 -> {
        u16(0x0806);
        arp();
      }
      case 1 -> {
        // 802.3: a length instead of a type, and LLC.
        u16(random.nextInt(3, 1501));
        u16(chance(0.5) ? 0xaaaa : 0x4242);
        noise(40);
      }
      case 2 -> {
        int other = one(OTHERS);
        // Behind Ethernet in GRE the dissector finds FCoE too short where NET_IP_ALIGN is not 0: so
        // in user-mode Linux, but not on the x86-64 that we agree with.
        u16(other == FCOE && depth > 0 ? 0x9000 : other);
        // No keep-alive of TIPC: the kernel sends those any way, by a random number.
        u32(random.nextInt() & (other == TIPC ? 0xf1ff_ffff : -1));
        noise(46);
      }
      case 3 -> {
        u16(chance(0.5) ? 0x8847 : 0x8848);
        mpls(depth);
      }
      case 4 -> {
        u16(chance(0.8) ? 0x8864 : 0x8863);
        pppoe(depth);
      }
      case 5 -> {
        u16(random.nextInt());
        noise(50);
      }
      default -> ip(depth);
    }
  }

  private void ip(int depth) {
    if (chance(0.5)) {
      u16(0x0800);
      ipv4(depth);
    } else {
      u16(0x86dd);
      ipv6(depth);
    }
  }

  private void arp() {
    u16(1);
    u16(0x0800);
    u16(chance(0.95) ? 0x0604 : random.nextInt());
    u16(random.nextInt(1, 5));
    noise(20);
  }

  private void mpls(int depth) {
    for (int i = random.nextInt(3); i > 0; i--) {
      u32(random.nextInt() & ~0x100);
    }
    u32(random.nextInt() | 0x100);
    if (chance(0.5)) {
      ipv4(depth + 1);
    } else {
      ipv6(depth + 1);
    }
  }

  private void pppoe(int depth) {
    u16(chance(0.95) ? 0x1100 : random.nextInt());
    noise(2);
    u16(60);
    if (chance(0.45)) {
      u16(0x0021);
      ipv4(depth + 1);
    } else if (chance(0.8)) {
      u16(0x0057);
      ipv6(depth + 1);
    } else {
      u16(chance(0.5) ? 0x0281 : random.nextInt());
      noise(40);
    }
  }

  private void ipv4(int depth) {
    int words = chance(0.9) ? 5 : random.nextInt(16);
    u8((chance(0.98) ? 0x40 : random.nextInt(16) << 4) | words);
    u8(random.nextInt());
    u16(chance(0.95) ? 400 : random.nextInt(100));
    u16(random.nextInt());
    // Don't fragment; the first of some fragments; a later one.
    int fragment = chance(0.85) ? 0x4000 : chance(0.5) ? 0x2000 : random.nextInt(1, 0x4000);
    u16(fragment);
    u8(64);
    int transport = one(TRANSPORTS);
    u8(transport);
    u16(random.nextInt());
    noise(8);
    noise(Math.max(0, 4 * words - 20));
    transport(transport, depth);
  }

  private void ipv6(int depth) {
    u32(0x6000_0000 | (chance(0.5) ? random.nextInt() & 0xfff_ffff : 0));
    u16(400);
    int extensions = chance(0.6) ? 0 : random.nextInt(1, 4);
    int next = extensions > 0 ? one(EXTENSIONS) : one(TRANSPORTS);
    u8(next);
    u8(64);
    noise(32);
    for (int i = extensions; i > 0; i--) {
      int following = i > 1 ? one(EXTENSIONS) : one(TRANSPORTS);
      extension(next, following);
      next = following;
    }
    transport(next, depth);
  }

  private void extension(int kind, int following) {
    u8(following);
    if (kind == FRAGMENT) {
      u8(0);
      // The only fragment, the first of some, a later one.
      u16(chance(0.3) ? 0 : chance(0.4) ? 1 : random.nextInt());
      u32(random.nextInt());
    } else if (kind == AH) {
      int words = random.nextInt(1, 6);
      u8(words);
      noise(4 * (words + 2) - 2);
    } else {
      int eights = chance(0.9) ? random.nextInt(3) : random.nextInt(256);
      u8(eights);
      noise(8 * eights + 6);
    }
  }

  private void transport(int protocol, int depth) {
    switch (protocol) {
      case TCP -> {
        noise(12);
        u16(chance(0.9) ? 0x5010 : random.nextInt());
        noise(14);
      }
      case UDP -> udp(depth);
      case ICMP, ICMP6 -> icmp(protocol == ICMP, depth);
      case GRE -> gre(depth);
      case 4, 41, 137 -> tunnel(protocol, depth);
      default -> noise(random.nextInt(4, 40));
    }
  }

  /// IP in IP, IPv6 in IP, MPLS in IP.
  private void tunnel(int protocol, int depth) {
    if (depth >= DEEPEST) {
      noise(30);
    } else if (protocol == 137) {
      mpls(depth + 1);
    } else if (protocol == 4) {
      ipv4(depth + 1);
    } else {
      ipv6(depth + 1);
    }
  }

  private void udp(int depth) {
    noise(2);
    int port = chance(0.7) ? random.nextInt() : chance(0.5) ? 4789 : 6081;
    u16(port);
    u16(100);
    u16(random.nextInt());
    if (port == 4789 && depth < DEEPEST) {
      u32(0x0800_0000);
      noise(4);
      ethernet(depth + 1);
    } else if (port == 6081 && depth < DEEPEST) {
      u32(0x0000_6558);
      noise(4);
      ethernet(depth + 1);
    } else {
      noise(20);
    }
  }

  private void icmp(boolean four, int depth) {
    int[] types =
        four
            ? new int[] {8, 0, 3, 11, 12, 4, 5, 13, 14, 15, 16, 17, 18, 42, 43}
            : new int[] {128, 129, 1, 2, 3, 4, 133, 135, 136, 143, 137, 160, 161};
    int type = chance(0.95) ? one(types) : random.nextInt();
    u8(type);
    u8(random.nextInt(4));
    u16(random.nextInt());
    // Identifier and sequence; 0 is an identifier, too.
    u16(chance(0.2) ? 0 : random.nextInt());
    u16(random.nextInt());
    boolean error = four ? type == 3 || type == 11 || type == 12 || type == 4 : type < 128;
    if (error && depth < DEEPEST) {
      if (four == chance(0.95)) {
        ipv4(depth + 1);
      } else {
        ipv6(depth + 1);
      }
    } else {
      noise(20);
    }
  }

  private void gre(int depth) {
    boolean plain = chance(0.85);
    int flags = plain ? random.nextInt(8) : 0;
    boolean checksum = (flags & 1) != 0;
    boolean key = (flags & 2) != 0;
    boolean sequence = (flags & 4) != 0;
    int bits = (checksum ? 0x8000 : 0) | (key ? 0x2000 : 0) | (sequence ? 0x1000 : 0);
    boolean pptp = !plain && chance(0.6);
    if (pptp) {
      bits = 0x2001 | (chance(0.7) ? 0x1000 : 0) | (chance(0.5) ? 0x0080 : 0);
    } else if (!plain) {
      bits = random.nextInt();
    }
    u16(bits);
    int[] inner = {0x0800, 0x86dd, 0x6558, 0x8847, 0x88be};
    int type = pptp ? 0x880b : chance(0.95) ? one(inner) : random.nextInt();
    u16(type);
    noise((checksum ? 4 : 0) + (key ? 4 : 0) + (sequence ? 4 : 0));
    if (depth >= DEEPEST) {
      noise(30);
    } else if (pptp) {
      pptp(bits, depth);
    } else {
      switch (type) {
        case 0x0800 -> ipv4(depth + 1);
        case 0x86dd -> ipv6(depth + 1);
        case 0x6558 -> ethernet(depth + 1);
        default -> noise(40);
      }
    }
  }

  /// The rest of an enhanced GRE header, and PPP.
  private void pptp(int bits, int depth) {
    noise(4 + ((bits & 0x1000) != 0 ? 4 : 0) + ((bits & 0x0080) != 0 ? 4 : 0));
    if (chance(0.5)) {
      u16(0xff03);
    }
    if (chance(0.5)) {
      u16(0x0021);
      ipv4(depth + 1);
    } else {
      u16(0x0057);
      ipv6(depth + 1);
    }
  }
}
