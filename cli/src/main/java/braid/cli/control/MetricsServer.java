package braid.cli.control;

import static braid.cli.control.RefusedException.Kind.FAILED;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `/metrics` for Prometheus and `/healthz` for whoever restarts nodes, over HTTP. It tells names
/// and addresses to everybody who can connect, so it belongs on loopback.
///
/// `/healthz` is 200 `ok` as long as the node does its work, with warnings below; 503 with the
/// reasons, a line each, when it does not ([NodeView.Status#failures]) or does not answer in time.
///
/// **Threads**: a virtual one for each request; the node is asked once for each.
public final class MetricsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger("braid.metrics");
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int BACKLOG = 16;
  private static final int CLOSE_SECONDS = 0;

  /// The JDK's server waits for ever for a request's end unless this is set before its first use.
  private static final String REQUEST_SECONDS = "sun.net.httpserver.maxReqTime";

  private static final String REPLY_SECONDS = "sun.net.httpserver.maxRspTime";

  private final NodeControl node;
  private final HttpServer server;
  private final ExecutorService threads;
  private final ExpositionFormats formats = ExpositionFormats.init();

  private MetricsServer(NodeControl node, HttpServer server) {
    this.node = node;
    this.server = server;
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("braid-metrics-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/", this::serve);
  }

  /// Answers from now on.
  ///
  /// @param address where; port 0 picks a free one
  /// @throws RefusedException when the address cannot be used
  public static MetricsServer open(InetSocketAddress address, NodeControl node) {
    for (String limit : List.of(REQUEST_SECONDS, REPLY_SECONDS)) {
      if (System.getProperty(limit) == null) {
        System.setProperty(limit, "10");
      }
    }
    try {
      MetricsServer opened = new MetricsServer(node, HttpServer.create(address, BACKLOG));
      opened.server.start();
      return opened;
    } catch (IOException e) {
      throw new RefusedException(
          FAILED,
          "metrics: " + address + " cannot be used (" + e.getMessage() + ")",
          "Choose another address or port, or switch metrics off.");
    }
  }

  /// Where it answers.
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        answer(exchange, 405, "text/plain", "only GET\n".getBytes(StandardCharsets.UTF_8));
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/metrics" -> metrics(exchange);
        case "/healthz" -> health(exchange);
        default -> say(exchange, 404, "there are /metrics and /healthz\n");
      }
    } catch (RuntimeException e) {
      LOG.warn("{}: {}", exchange.getRequestURI(), e.toString());
    }
  }

  private void metrics(HttpExchange exchange) throws IOException {
    NodeView.Status status;
    try {
      status = inTime();
    } catch (RefusedException e) {
      say(exchange, 503, e.getMessage() + "\n");
      return;
    }
    String accept = exchange.getRequestHeaders().getFirst("Accept");
    ExpositionFormatWriter writer = formats.findWriter(accept);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    writer.write(body, NodeMetrics.of(status, node.nics()));
    answer(exchange, 200, writer.getContentType(), body.toByteArray());
  }

  private void health(HttpExchange exchange) throws IOException {
    try {
      NodeView.Status status = inTime();
      boolean works = status.failures().isEmpty();
      StringBuilder text = new StringBuilder(works ? "ok\n" : "");
      status.failures().forEach(line -> text.append(line).append('\n'));
      status.warnings().forEach(line -> text.append("warning: ").append(line).append('\n'));
      say(exchange, works ? 200 : 503, text.toString());
    } catch (RefusedException e) {
      say(exchange, 503, e.getMessage() + "\n");
    }
  }

  private NodeView.Status inTime() {
    FutureTask<NodeView.Status> task = new FutureTask<>(node::status);
    Thread.ofVirtual().start(task);
    try {
      return task.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      throw new RefusedException(
          FAILED, "the node did not answer within " + PATIENCE.toSeconds() + " s");
    } catch (ExecutionException e) {
      throw new RefusedException(FAILED, "the node failed to answer (" + e.getCause() + ")");
    } catch (InterruptedException e) {
      throw new RefusedException(FAILED, "the node is stopping");
    }
  }

  private static void say(HttpExchange exchange, int code, String text) throws IOException {
    answer(exchange, code, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  private static void answer(HttpExchange exchange, int code, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(code, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  /// Answers no more.
  @Override
  public void close() {
    server.stop(CLOSE_SECONDS);
    threads.shutdownNow();
  }
}
