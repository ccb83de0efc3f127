package braid.fabric.directory;

import braid.fabric.pki.NodeIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jgroups.JChannel;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.protocols.FD_SOCK2;
import org.jgroups.protocols.FRAG4;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.TCP;
import org.jgroups.protocols.TCPPING;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.VERIFY_SUSPECT2;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;
import org.jgroups.protocols.raft.FileBasedLog;
import org.jgroups.protocols.raft.InMemoryLog;
import org.jgroups.protocols.raft.NO_DUPES;
import org.jgroups.protocols.raft.RAFT;
import org.jgroups.protocols.raft.REDIRECT;
import org.jgroups.stack.Protocol;
import org.jgroups.util.DefaultSocketFactory;

/// The JGroups protocol stack of a directory, bottom up, in code instead of XML so that the
/// compiler reads it too.
///
/// | protocol | is there for |
/// |---|---|
/// | TCP, with TLS 1.3 | one port; both ends show certificates of the cluster's authority |
/// | TCPPING, MERGE3 | finding the voters, at the start and after a cut |
/// | closed connections, or FD_SOCK2 | a process that died |
/// | FD_ALL3, VERIFY_SUSPECT2 | one that hangs, or is cut off |
/// | NAKACK2, UNICAST3, STABLE, FRAG4 | messages that arrive, in order, of any size |
/// | NO_DUPES, GMS | who is there: the views |
/// | ELECTION, RAFT, REDIRECT | one log of ownership, from any node |
///
/// FD_SOCK2 opens a second port, without TLS. So with certificates it stays out, and the
/// transport's own connections, which every member has to every other, tell of a death instead.
final class ClusterStack {
  private static final int MESSAGE_MAX = 128 << 10; // a fragment and its headers, with room
  private static final int FRAGMENT = 60_000;
  private static final int CONNECT_MILLIS = 500;
  private static final int HANDSHAKE_MILLIS = 1000;
  private static final int JOIN_ATTEMPTS = 3;
  private static final int RESEND_MILLIS = 200;

  private ClusterStack() {}

  /// A channel that is not connected yet.
  ///
  /// @param logName what the log in memory is called within this process
  /// @param refused told one line for each peer with a wrong certificate
  static JChannel channel(ClusterSettings settings, String logName, Consumer<String> refused)
      throws Exception {
    ClusterTimings timings = settings.timings();
    InetAddress bind = settings.bind().socketAddress().getAddress();
    if (bind == null) {
      throw new IOException("'" + settings.bind().host() + "' is not known");
    }
    List<Protocol> stack = new ArrayList<>();
    stack.add(transport(settings, bind, refused));
    stack.add(discovery(settings));
    stack.add(
        new MERGE3()
            .setMinInterval(Math.max(1, timings.merge().toMillis() / 3))
            .setMaxInterval(timings.merge().toMillis()));
    if (settings.identity() == null) {
      stack.add(new FD_SOCK2().setBindAddress(bind));
    }
    FD_ALL3 silence = new FD_ALL3();
    silence.setInterval(timings.heartbeat().toMillis());
    silence.setTimeout(timings.silence().toMillis());
    stack.add(silence);
    stack.add(new VERIFY_SUSPECT2().setTimeout(timings.verify().toMillis()));
    stack.add(new NAKACK2().useMcastXmit(false).logDiscardMessages(false));
    stack.add(new UNICAST3());
    stack.add(new STABLE());
    stack.add(new NO_DUPES());
    stack.add(
        new GMS()
            .setJoinTimeout(timings.join().toMillis())
            .setMaxJoinAttempts(JOIN_ATTEMPTS)
            .setLeaveTimeout(timings.join().toMillis())
            .printLocalAddress(false)
            .printPhysicalAddress(false));
    FRAG4 fragments = new FRAG4();
    fragments.setFragSize(FRAGMENT);
    stack.add(fragments);
    stack.add(new VoterElection());
    stack.add(raft(settings, logName));
    stack.add(new REDIRECT());
    return new JChannel(stack).name(settings.node());
  }

  private static TCP transport(
      ClusterSettings settings, InetAddress bind, Consumer<String> refused) {
    TCP tcp = new TCP();
    tcp.setBindAddress(bind);
    tcp.setBindPort(settings.bind().port());
    tcp.setPortRange(0);
    tcp.useVirtualThreads(true);
    tcp.setSockConnTimeout(CONNECT_MILLIS);
    tcp.setPeerAddrReadTimeout(HANDSHAKE_MILLIS);
    tcp.setMaxLength(MESSAGE_MAX);
    tcp.logDetails(false);
    // Each sender sends by itself: with one thread for all, the search for a node that hangs would
    // hold up what is for the others, a second each time.
    tcp.setBundlerType("no-bundler");
    NodeIdentity identity = settings.identity();
    if (identity != null) {
      tcp.setSocketFactory(sockets(identity, refused));
      tcp.enableSuspectEvents(true);
    }
    return tcp;
  }

  /// Sockets for TLS 1.3 with certificates on both sides.
  private static DefaultSocketFactory sockets(NodeIdentity identity, Consumer<String> refused) {
    DefaultSocketFactory sockets = new DefaultSocketFactory(identity.sslContext(refused));
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setNeedClientAuth(true);
    sockets.setServerSocketConfigurator(
        socket -> ((SSLServerSocket) socket).setSSLParameters(parameters));
    sockets.setSocketConfigurator(ClusterStack::limitHandshake);
    return sockets;
  }

  /// A process that hangs still accepts: its kernel does. Without a limit the handshake with it
  /// would never end, nor would whatever the thread was to send afterwards.
  private static void limitHandshake(Socket socket) {
    try {
      SSLSocket tls = (SSLSocket) socket;
      tls.setSoTimeout(HANDSHAKE_MILLIS);
      tls.addHandshakeCompletedListener(
          event -> {
            try {
              event.getSocket().setSoTimeout(0);
            } catch (IOException _) {
              // Closed already; whoever reads it will notice.
            }
          });
    } catch (IOException _) {
      // Closed already; whoever connects it will notice.
    }
  }

  private static TCPPING discovery(ClusterSettings settings) {
    TCPPING discovery = new TCPPING();
    discovery.setPortRange(0);
    // As text: a host name that cannot be looked up now is looked up again later.
    discovery.setValue(
        "initial_hosts_str",
        settings.voters().values().stream()
            .map(voter -> voter.host() + "[" + voter.port() + "]")
            .collect(Collectors.joining(",")));
    return discovery;
  }

  private static RAFT raft(ClusterSettings settings, String logName) {
    RAFT raft = new RAFT();
    raft.members(settings.voters().keySet());
    raft.raftId(settings.node());
    Path log = settings.log();
    if (log == null) {
      raft.logClass(InMemoryLog.class.getName()).logPrefix(logName);
    } else {
      raft.logClass(FileBasedLog.class.getName())
          .logDir(log.toAbsolutePath().toString())
          .logPrefix(settings.node())
          .logUseFsync(true);
    }
    // Not sendCommitsImmediately: with it, jgroups-raft 1.1.4 and a follower that is behind (after
    // a
    // cut of the network) tell each other the commit index for ever, as fast as they can, and what
    // the follower lacks is never sent. So followers learn of a commit with the next look.
    return raft.resendInterval(RESEND_MILLIS);
  }
}
