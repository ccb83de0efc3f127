package braid.cli.operator;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/// The first headers of a frame in a few words, for people who want to see whether anything passes;
/// tshark knows more. Reads any bytes, whole or cut.
final class FrameText {
  private static final HexFormat MAC = HexFormat.ofDelimiter(":");
  private static final int IPV4 = 0x0800;
  private static final int ARP = 0x0806;
  private static final int VLAN = 0x8100;
  private static final int QINQ = 0x88a8;
  private static final int IPV6 = 0x86dd;
  private static final int TCP = 6;
  private static final int UDP = 17;

  private final byte[] frame;

  private FrameText(byte[] frame) {
    this.frame = frame;
  }

  /// Sender, receiver and what it carries.
  static String of(byte[] frame) {
    return new FrameText(frame).text();
  }

  private String text() {
    if (frame.length < 14) {
      return "cut before its type";
    }
    StringBuilder out = new StringBuilder();
    out.append(MAC.formatHex(frame, 6, 12)).append(" > ").append(MAC.formatHex(frame, 0, 6));
    int at = 12;
    int type = u16(at);
    while ((type == VLAN || type == QINQ) && has(at, 6)) {
      out.append(" vlan ").append(u16(at + 2) & 0xfff);
      at += 4;
      type = u16(at);
    }
    return out.append(' ').append(payload(type, at + 2)).toString();
  }

  private String payload(int type, int at) {
    return switch (type) {
      case IPV4 -> has(at, 20) ? ipv4(at) : "IPv4";
      case IPV6 -> has(at, 40) ? ip(frame[at + 6] & 255, at + 8, 16, at + 40) : "IPv6";
      case ARP -> has(at, 28) ? arp(at) : "ARP";
      case 0x8902 -> "CFM";
      case 0x8809 -> "LACP";
      case 0x8035 -> "RARP";
      case 0x88cc -> "LLDP";
      default ->
          type < 1536
              ? "802.3 of " + type + " bytes"
              : String.format(Locale.ROOT, "type 0x%04x", type);
    };
  }

  private String ipv4(int at) {
    if ((u16(at + 6) & 0x1fff) != 0) {
      return address(at + 12, 4) + " > " + address(at + 16, 4) + " fragment";
    }
    return ip(frame[at + 9] & 255, at + 12, 4, at + (frame[at] & 15) * 4);
  }

  private String ip(int protocol, int addresses, int size, int payload) {
    String from = address(addresses, size);
    String to = address(addresses + size, size);
    if ((protocol == TCP || protocol == UDP) && has(payload, 4)) {
      from += "." + u16(payload);
      to += "." + u16(payload + 2);
    }
    String name =
        switch (protocol) {
          case 1 -> "ICMP";
          case 2 -> "IGMP";
          case TCP -> "TCP";
          case UDP -> "UDP";
          case 58 -> "ICMPv6";
          default -> "protocol " + protocol;
        };
    return from + " > " + to + " " + name;
  }

  private String arp(int at) {
    String verb = u16(at + 6) == 1 ? "ARP who has " : "ARP reply for ";
    return verb + address(at + 24, 4) + " from " + address(at + 14, 4);
  }

  private String address(int at, int size) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(frame, at, at + size))
          .getHostAddress()
          .replaceFirst("(^|:)0(:0)+(:|$)", "::");
    } catch (UnknownHostException e) {
      throw new AssertionError("an address of " + size + " bytes", e);
    }
  }

  private boolean has(int at, int bytes) {
    return at + bytes <= frame.length;
  }

  private int u16(int at) {
    return (frame[at] & 255) << 8 | (frame[at + 1] & 255);
  }
}
