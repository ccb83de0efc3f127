package braid.kernel;

import braid.kernel.jextract.Sys;
import braid.kernel.jextract.ifaddrmsg;
import braid.kernel.jextract.ifinfomsg;
import braid.kernel.jextract.nlmsgerr;
import braid.kernel.jextract.nlmsghdr;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Asks and changes network interfaces by rtnetlink, in the network namespace of the thread that
/// opened it.
///
/// Any thread; one request at a time. Every change is acknowledged by the kernel before the method
/// returns, and an error carries the kernel's own words.
public final class Netlink implements AutoCloseable {
  /// An answer in several datagrams has fewer than that.
  private static final int DATAGRAMS_MAX = 100_000;

  private static final int ANSWER_MILLISECONDS_MAX = 10_000;

  private final NetlinkSocket socket = new NetlinkSocket(0);
  private int sequence;

  /// Opens a socket.
  ///
  /// @throws LinuxException when the kernel refuses
  public Netlink() {}

  /// All interfaces.
  public List<Link> links() {
    List<Link> links = new ArrayList<>();
    request(NetlinkMessage.link(Sys.RTM_GETLINK(), Sys.NLM_F_DUMP(), 0), "list interfaces", links);
    return links;
  }

  /// The interface with that name.
  public Optional<Link> link(String name) {
    List<Link> links = new ArrayList<>();
    try {
      request(
          NetlinkMessage.link(Sys.RTM_GETLINK(), Sys.NLM_F_ACK(), 0)
              .attribute(Sys.IFLA_IFNAME(), name),
          "look for interface " + name,
          links);
    } catch (LinuxException e) {
      if (e.errno() == Sys.ENODEV()) {
        return Optional.empty();
      }
      throw e;
    }
    return links.stream().findFirst();
  }

  /// The interface with that name, which must be there.
  ///
  /// @throws LinuxException ENODEV when it is not
  public Link requireLink(String name) {
    return link(name)
        .orElseThrow(
            () -> new LinuxException("RTM_GETLINK", Sys.ENODEV(), "find interface " + name));
  }

  /// Sets an interface up or down.
  ///
  /// @throws LinuxException when the kernel refuses
  public void setUp(int index, boolean up) {
    NetlinkMessage message = new NetlinkMessage(Sys.RTM_NEWLINK(), Sys.NLM_F_ACK());
    MemorySegment body = message.body(ifinfomsg.sizeof());
    ifinfomsg.ifi_index(body, index);
    ifinfomsg.ifi_flags(body, up ? Sys.IFF_UP() : 0);
    ifinfomsg.ifi_change(body, Sys.IFF_UP());
    request(message, "set interface " + index + (up ? " up" : " down"));
  }

  /// Makes an interface a member of a bridge, or of none with 0.
  ///
  /// @throws LinuxException when the kernel refuses
  public void setMaster(int index, int master) {
    change(
        index,
        message -> message.attribute(Sys.IFLA_MASTER(), master),
        "make interface " + index + " a member of " + master);
  }

  /// Sets the longest payload.
  ///
  /// @param mtu bytes
  /// @throws LinuxException when the kernel refuses
  public void setMtu(int index, int mtu) {
    change(
        index,
        message -> message.attribute(Sys.IFLA_MTU(), mtu),
        "set the MTU of interface " + index + " to " + mtu);
  }

  /// Sets the hardware address.
  ///
  /// @param mac in the low 48 bits
  /// @throws LinuxException when the kernel refuses
  public void setMac(int index, long mac) {
    byte[] bytes = new byte[6];
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (mac >>> (40 - 8 * i));
    }
    change(
        index,
        message -> message.attribute(Sys.IFLA_ADDRESS(), bytes),
        "set the address of interface " + index);
  }

  /// Takes the carrier away or gives it back, for kinds that allow it (TAP, dummy).
  ///
  /// @throws LinuxException EOPNOTSUPP for others
  public void setCarrier(int index, boolean carrier) {
    change(
        index,
        message -> message.attribute(Sys.IFLA_CARRIER(), new byte[] {(byte) (carrier ? 1 : 0)}),
        "switch the carrier of interface " + index);
  }

  /// Gives an interface an IP address; one that it has already stays.
  ///
  /// @param prefix length of the network part in bits
  /// @throws LinuxException when the kernel refuses
  public void addAddress(int index, InetAddress address, int prefix) {
    byte[] bytes = address.getAddress();
    NetlinkMessage message =
        new NetlinkMessage(
            Sys.RTM_NEWADDR(), Sys.NLM_F_ACK() | Sys.NLM_F_CREATE() | Sys.NLM_F_REPLACE());
    MemorySegment body = message.body(ifaddrmsg.sizeof());
    ifaddrmsg.ifa_family(body, (byte) (bytes.length == 4 ? Sys.AF_INET() : Sys.AF_INET6()));
    ifaddrmsg.ifa_prefixlen(body, (byte) prefix);
    ifaddrmsg.ifa_index(body, index);
    request(
        message.attribute(Sys.IFA_LOCAL(), bytes).attribute(Sys.IFA_ADDRESS(), bytes),
        "give interface " + index + " the address " + address.getHostAddress() + "/" + prefix);
  }

  /// Makes a bridge, down, unless there is one of that name.
  ///
  /// @return true when this made it, so that it is the caller's to delete
  /// @throws LinuxException EEXIST when the name is that of another kind of interface
  public boolean createBridge(String name) {
    NetlinkMessage message =
        NetlinkMessage.link(
                Sys.RTM_NEWLINK(), Sys.NLM_F_ACK() | Sys.NLM_F_CREATE() | Sys.NLM_F_EXCL(), 0)
            .attribute(Sys.IFLA_IFNAME(), name);
    int info = message.open(Sys.IFLA_LINKINFO());
    message.attribute(Sys.IFLA_INFO_KIND(), "bridge").close(info);
    try {
      request(message, "make bridge " + name);
      return true;
    } catch (LinuxException e) {
      if (e.errno() == Sys.EEXIST()
          && link(name).filter(link -> link.kind().equals("bridge")).isPresent()) {
        return false;
      }
      throw e;
    }
  }

  /// Deletes an interface.
  ///
  /// @throws LinuxException when the kernel refuses
  public void delete(int index) {
    request(
        NetlinkMessage.link(Sys.RTM_DELLINK(), Sys.NLM_F_ACK(), index),
        "delete interface " + index);
  }

  /// Makes `member` a port of `bridge` and sets both up.
  ///
  /// @throws LinuxException when one of them is not there or the kernel refuses
  public void join(String member, String bridge) {
    int index = requireLink(member).index();
    int master = requireLink(bridge).index();
    setMaster(index, master);
    setUp(master, true);
    setUp(index, true);
  }

  private interface Attributes {
    void putInto(NetlinkMessage message);
  }

  private void change(int index, Attributes attributes, String tried) {
    NetlinkMessage message = NetlinkMessage.link(Sys.RTM_NEWLINK(), Sys.NLM_F_ACK(), index);
    attributes.putInto(message);
    request(message, tried);
  }

  private void request(NetlinkMessage message, String tried) {
    request(message, tried, new ArrayList<>());
  }

  private synchronized void request(NetlinkMessage message, String tried, List<Link> links) {
    int mine = ++sequence;
    socket.send(message.finish(mine), tried);
    Answer answer = new Answer(mine, tried, links);
    for (int i = 0; i < DATAGRAMS_MAX && !answer.complete; i++) {
      if (!Poll.readable(socket.fd(), ANSWER_MILLISECONDS_MAX)) {
        throw new LinuxException("recv", Sys.ETIMEDOUT(), tried);
      }
      socket.receive(answer);
    }
    if (answer.error != 0) {
      throw new LinuxException(
          "rtnetlink", answer.error, answer.words.isEmpty() ? tried : tried + answer.words);
    }
  }

  /// Collects what comes until the acknowledgement or the end of the list.
  private static final class Answer implements NetlinkSocket.Receiver {
    private final int sequence;
    private final String tried;
    private final List<Link> links;
    private boolean complete;
    private int error;
    private String words = "";

    Answer(int sequence, String tried, List<Link> links) {
      this.sequence = sequence;
      this.tried = tried;
      this.links = links;
    }

    @Override
    public void message(MemorySegment header, MemorySegment body) {
      if (nlmsghdr.nlmsg_seq(header) != sequence) {
        return;
      }
      int type = nlmsghdr.nlmsg_type(header) & 0xffff;
      if (type == Sys.NLMSG_DONE()) {
        complete = true;
      } else if (type == Sys.NLMSG_ERROR()) {
        complete = true;
        error = -nlmsgerr.error(body);
        if ((nlmsghdr.nlmsg_flags(header) & Sys.NLM_F_ACK_TLVS()) != 0) {
          String said =
              NetlinkMessage.string(
                  NetlinkMessage.find(body.asSlice(nlmsgerr.sizeof()), Sys.NLMSGERR_ATTR_MSG()));
          words = said.isEmpty() ? "" : " (kernel: " + said + ")";
        }
      } else if (type == Sys.RTM_NEWLINK()) {
        links.add(NetlinkMessage.parseLink(body));
      }
    }

    @Override
    public String toString() {
      return tried;
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
