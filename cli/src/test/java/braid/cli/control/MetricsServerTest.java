package braid.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MetricsServerTest {
  private final TestNode node = new TestNode();
  private final MetricsServer server =
      MetricsServer.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), node);
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    http.close();
    server.close();
    node.close();
  }

  private HttpResponse<String> get(String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.address().getPort() + path));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void metricsTellPortsBondsFabricAndDirectory() throws Exception {
    await().until(() -> node.bonds().getFirst().active().equals("a0"));
    node.sendFromGuest(new byte[60]);
    await().until(() -> node.sweep() == 1);
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    assertThat(answer.body().lines())
        .contains(
            "braid_node_info{node=\"node-a\",version=\"0.1.0\"} 1.0",
            "braid_node_start_time_seconds 1.767323045E9",
            "braid_port_rx_frames_total{kind=\"guest\",port=\"vm1\"} 1.0",
            "braid_port_rx_bytes_total{kind=\"guest\",port=\"vm1\"} 60.0",
            "braid_port_tx_frames_total{kind=\"nic\",port=\"a0\"} 1.0",
            "braid_port_tx_dropped_frames_total{kind=\"nic\",port=\"a0\",reason=\"full\"} 0.0",
            "braid_port_up{kind=\"bond\",port=\"bond0\"} 1.0",
            "braid_bond_info{bond=\"bond0\",mode=\"active-backup\"} 1.0",
            "braid_member_active{bond=\"bond0\",member=\"a0\"} 1.0",
            "braid_member_active{bond=\"bond0\",member=\"a1\"} 0.0",
            "braid_fabric_peer_connected{peer=\"node-b\"} 0.0",
            "braid_fabric_peer_events_total{event=\"records\",peer=\"node-b\"} 17.0",
            "braid_directory_stale 0.0",
            "braid_directory_nics{node=\"node-b\"} 1.0",
            "braid_guest_attached{guest=\"vm1\"} 1.0");
  }

  @Test
  void openMetricsWhenAskedFor() throws Exception {
    HttpResponse<String> answer = get("/metrics", "Accept", "application/openmetrics-text");
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/openmetrics-text");
    assertThat(answer.body()).endsWith("# EOF\n");
  }

  @Test
  void healthIs200WithWarningsAnd503WithReasons() throws Exception {
    assertThat(get("/healthz").body()).isEqualTo("ok\n");
    node.warnings.add("directory is stale");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(get("/healthz").body()).isEqualTo("ok\nwarning: directory is stale\n");
    node.failures.add("bond0 has no usable member");
    HttpResponse<String> sick = get("/healthz");
    assertThat(sick.statusCode()).isEqualTo(503);
    assertThat(sick.body()).isEqualTo("bond0 has no usable member\nwarning: directory is stale\n");
  }

  @Test
  void aHangingNodeIs503() throws Exception {
    node.hangs = true;
    HttpResponse<String> answer = get("/healthz");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("did not answer");
    assertThat(get("/metrics").statusCode()).isEqualTo(503);
  }

  @Test
  void otherPathsAndVerbsAreRefused() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    assertThat(get("/metrics/../etc").statusCode()).isEqualTo(404);
    HttpRequest post =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.address().getPort() + "/metrics"))
            .POST(HttpRequest.BodyPublishers.ofString("x"))
            .build();
    assertThat(http.send(post, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(405);
  }

  @Test
  void clientsThatSayNothingDoNotKeepOthersWaiting() throws Exception {
    Socket[] silent = new Socket[32];
    for (int i = 0; i < silent.length; i++) {
      silent[i] = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
      silent[i].getOutputStream().write("GET /metr".getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    for (Socket socket : silent) {
      socket.close();
    }
  }

  @Test
  void anAddressInUseIsSaid() {
    assertThatThrownBy(() -> MetricsServer.open(server.address(), node))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("metrics: ")
        .hasMessageContaining("Choose another");
  }
}
