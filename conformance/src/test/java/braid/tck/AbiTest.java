package braid.tck;

import static org.assertj.core.api.Assertions.assertThat;

import braid.virtio.CommonConfig;
import braid.virtio.DeviceStatus;
import braid.virtio.Feature;
import braid.virtio.NetConfig;
import braid.virtio.NetHeader;
import braid.virtio.SplitRing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What braid.virtio and this kit took from the specification, against what the C compiler makes of
/// the kernel's virtio headers: two independent readings of the same text.
class AbiTest {
  private static final List<String> HEADERS =
      List.of(
          "linux/virtio_config.h",
          "linux/virtio_net.h",
          "linux/virtio_ring.h",
          "linux/virtio_pci.h",
          "linux/vhost_types.h",
          "stddef.h",
          "stdio.h");

  @Test
  void layoutsAndFlagsAreTheKernels(@TempDir Path work) throws Exception {
    Map<String, Long> ours = new TreeMap<>();
    header(ours);
    config(ours);
    ring(ours);
    transport(ours);
    kit(ours);
    List<String> body = new ArrayList<>();
    for (String expression : ours.keySet()) {
      body.add("printf(\"%s=%lld\\n\", \"" + expression + "\", (long long)(" + expression + "));");
    }
    assertThat(probe(work, body)).isEqualTo(ours);
  }

  @Test
  void featureBitsAreTheKernels(@TempDir Path work) throws Exception {
    Map<String, Long> ours = new LinkedHashMap<>();
    List<String> body = new ArrayList<>();
    for (Feature feature : Feature.values()) {
      ours.put(feature.name(), (long) feature.bit());
      String directive = "#if";
      for (String prefix : List.of("VIRTIO_NET_F_", "VIRTIO_F_", "VIRTIO_RING_F_", "VHOST_F_")) {
        String macro = prefix + feature.name();
        body.add(directive + " defined(" + macro + ")");
        body.add("printf(\"" + feature.name() + "=%lld\\n\", (long long)(" + macro + "));");
        directive = "#elif";
      }
      body.add("#endif");
    }
    Map<String, Long> theirs = probe(work, body);
    // Older kernels' headers lack the newest bits; those of the first decade are in all of them.
    assertThat(theirs).hasSizeGreaterThan(35).containsKeys("MRG_RXBUF", "EVENT_IDX", "VERSION_1");
    assertThat(ours).containsAllEntriesOf(theirs);
  }

  private static void header(Map<String, Long> ours) {
    String type = "struct virtio_net_hdr_v1";
    size(ours, type, NetHeader.BYTES);
    offset(ours, type, "flags", NetHeader.FLAGS);
    offset(ours, type, "gso_type", NetHeader.GSO_TYPE);
    offset(ours, type, "hdr_len", NetHeader.HDR_LEN);
    offset(ours, type, "gso_size", NetHeader.GSO_SIZE);
    offset(ours, type, "csum_start", NetHeader.CSUM_START);
    offset(ours, type, "csum_offset", NetHeader.CSUM_OFFSET);
    offset(ours, type, "num_buffers", NetHeader.NUM_BUFFERS);
    ours.put("VIRTIO_NET_HDR_F_NEEDS_CSUM", (long) NetHeader.F_NEEDS_CSUM);
    ours.put("VIRTIO_NET_HDR_F_DATA_VALID", (long) NetHeader.F_DATA_VALID);
    ours.put("VIRTIO_NET_HDR_F_RSC_INFO", (long) NetHeader.F_RSC_INFO);
    ours.put("VIRTIO_NET_HDR_GSO_NONE", (long) NetHeader.GSO_NONE);
    ours.put("VIRTIO_NET_HDR_GSO_TCPV4", (long) NetHeader.GSO_TCPV4);
    ours.put("VIRTIO_NET_HDR_GSO_UDP", (long) NetHeader.GSO_UDP);
    ours.put("VIRTIO_NET_HDR_GSO_TCPV6", (long) NetHeader.GSO_TCPV6);
    ours.put("VIRTIO_NET_HDR_GSO_ECN", (long) NetHeader.GSO_ECN);
  }

  private static void config(Map<String, Long> ours) {
    String type = "struct virtio_net_config";
    offset(ours, type, "mac", NetConfig.MAC);
    offset(ours, type, "status", NetConfig.STATUS);
    offset(ours, type, "max_virtqueue_pairs", NetConfig.MAX_PAIRS);
    offset(ours, type, "mtu", NetConfig.MTU);
    offset(ours, type, "speed", NetConfig.SPEED);
    offset(ours, type, "duplex", NetConfig.DUPLEX);
    ours.put("VIRTIO_NET_S_LINK_UP", (long) NetConfig.LINK_UP);
    ours.put("VIRTIO_NET_S_ANNOUNCE", (long) NetConfig.ANNOUNCE);
  }

  private static void ring(Map<String, Long> ours) {
    size(ours, "struct vring_desc", SplitRing.DESC_BYTES);
    size(ours, "struct vring_used_elem", SplitRing.USED_BYTES);
    ours.put("VRING_DESC_F_NEXT", (long) SplitRing.DESC_NEXT);
    ours.put("VRING_DESC_F_WRITE", (long) SplitRing.DESC_WRITE);
    ours.put("VRING_DESC_F_INDIRECT", (long) SplitRing.DESC_INDIRECT);
    ours.put("VRING_USED_F_NO_NOTIFY", (long) SplitRing.NO_NOTIFICATION);
    ours.put("VRING_AVAIL_F_NO_INTERRUPT", (long) SplitRing.NO_NOTIFICATION);
    ours.put("VRING_DESC_ALIGN_SIZE", (long) SplitRing.DESC_ALIGN);
    ours.put("VRING_AVAIL_ALIGN_SIZE", (long) SplitRing.AVAIL_ALIGN);
    ours.put("VRING_USED_ALIGN_SIZE", (long) SplitRing.USED_ALIGN);
    offset(ours, "struct vring_avail", "flags", SplitRing.FLAGS);
    offset(ours, "struct vring_avail", "idx", SplitRing.IDX);
    offset(ours, "struct vring_avail", "ring", SplitRing.RING);
    offset(ours, "struct vring_used", "flags", SplitRing.FLAGS);
    offset(ours, "struct vring_used", "idx", SplitRing.IDX);
    offset(ours, "struct vring_used", "ring", SplitRing.RING);
    for (int size : new int[] {1, 256, 32_768}) {
      // vring_size() with an alignment of 4 is the three parts one after the other.
      ours.put("vring_size(" + size + ", 4)", SplitRing.bytes(size));
    }
  }

  private static void transport(Map<String, Long> ours) {
    String type = "struct virtio_pci_common_cfg";
    size(ours, type, CommonConfig.BYTES_MIN);
    offset(ours, type, "device_feature_select", CommonConfig.DEVICE_FEATURE_SELECT);
    offset(ours, type, "device_feature", CommonConfig.DEVICE_FEATURE);
    offset(ours, type, "guest_feature_select", CommonConfig.DRIVER_FEATURE_SELECT);
    offset(ours, type, "guest_feature", CommonConfig.DRIVER_FEATURE);
    offset(ours, type, "msix_config", CommonConfig.CONFIG_MSIX_VECTOR);
    offset(ours, type, "num_queues", CommonConfig.NUM_QUEUES);
    offset(ours, type, "device_status", CommonConfig.DEVICE_STATUS);
    offset(ours, type, "config_generation", CommonConfig.CONFIG_GENERATION);
    offset(ours, type, "queue_select", CommonConfig.QUEUE_SELECT);
    offset(ours, type, "queue_size", CommonConfig.QUEUE_SIZE);
    offset(ours, type, "queue_msix_vector", CommonConfig.QUEUE_MSIX_VECTOR);
    offset(ours, type, "queue_enable", CommonConfig.QUEUE_ENABLE);
    offset(ours, type, "queue_notify_off", CommonConfig.QUEUE_NOTIFY_OFF);
    offset(ours, type, "queue_desc_lo", CommonConfig.QUEUE_DESC);
    offset(ours, type, "queue_avail_lo", CommonConfig.QUEUE_DRIVER);
    offset(ours, type, "queue_used_lo", CommonConfig.QUEUE_DEVICE);
    ours.put("VIRTIO_MSI_NO_VECTOR", (long) CommonConfig.NO_VECTOR);
    ours.put("VIRTIO_CONFIG_S_ACKNOWLEDGE", (long) DeviceStatus.ACKNOWLEDGE_BIT);
    ours.put("VIRTIO_CONFIG_S_DRIVER", (long) DeviceStatus.DRIVER_BIT);
    ours.put("VIRTIO_CONFIG_S_DRIVER_OK", (long) DeviceStatus.DRIVER_OK_BIT);
    ours.put("VIRTIO_CONFIG_S_FEATURES_OK", (long) DeviceStatus.FEATURES_OK_BIT);
    ours.put("VIRTIO_CONFIG_S_NEEDS_RESET", (long) DeviceStatus.NEEDS_RESET);
    ours.put("VIRTIO_CONFIG_S_FAILED", (long) DeviceStatus.FAILED_BIT);
  }

  /// The kit's own constants, which it does not share with braid.virtio.
  private static void kit(Map<String, Long> ours) {
    ours.put("0+VRING_DESC_F_NEXT", (long) GuestRing.NEXT);
    ours.put("0+VRING_DESC_F_WRITE", (long) GuestRing.WRITE);
    ours.put("0+VRING_DESC_F_INDIRECT", (long) GuestRing.INDIRECT);
    ours.put("1ll<<VIRTIO_NET_F_MRG_RXBUF", Guest.F_MRG_RXBUF);
    ours.put("1ll<<VIRTIO_RING_F_INDIRECT_DESC", Guest.F_INDIRECT);
    ours.put("1ll<<VIRTIO_F_VERSION_1", Guest.F_VERSION_1);
    ours.put("1ll<<VIRTIO_F_ACCESS_PLATFORM", Guest.F_ACCESS_PLATFORM);
    size(ours, "struct vhost_iotlb_msg", 32);
    offset(ours, "struct vhost_iotlb_msg", "uaddr", 16);
    offset(ours, "struct vhost_iotlb_msg", "perm", 24);
    offset(ours, "struct vhost_iotlb_msg", "type", 25);
  }

  private static void size(Map<String, Long> ours, String type, long bytes) {
    ours.put("sizeof(" + type + ")", bytes);
  }

  private static void offset(Map<String, Long> ours, String type, String member, long bytes) {
    ours.put("offsetof(" + type + ", " + member + ")", bytes);
  }

  private static Map<String, Long> probe(Path work, List<String> body)
      throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    HEADERS.forEach(header -> lines.add("#include <" + header + ">"));
    lines.add("int main(void) {");
    lines.addAll(body);
    lines.add("return 0; }");
    Path source = work.resolve("probe.c");
    Path program = work.resolve("probe");
    Files.write(source, lines);
    run(List.of("gcc", "-o", program.toString(), source.toString()));
    Map<String, Long> values = new TreeMap<>();
    for (String line : run(List.of(program.toString())).lines().toList()) {
      int at = line.lastIndexOf('=');
      values.put(line.substring(0, at), Long.parseLong(line.substring(at + 1)));
    }
    return values;
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new AssertionError(
          "needs " + command.getFirst() + ": apt-get install gcc libc6-dev linux-libc-dev", e);
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out;
  }
}
