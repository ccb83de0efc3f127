package braid.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import braid.virtio.VhostUserRequest.Refusal;
import braid.virtio.VhostUserRequest.Side;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The table of requests, what is refused how, and the protocol features.
class VhostUserRequestTest {
  @Test
  void thereAre44And10RequestsNumberedWithoutGaps() {
    for (Side side : Side.values()) {
      int count = side == Side.FRONT_END ? 44 : 10;
      for (int id = 1; id <= count; id++) {
        Optional<VhostUserRequest> found = VhostUserRequest.find(side, id);
        assertThat(found).isPresent();
        assertThat(found.get().id()).isEqualTo(id);
        assertThat(found.get().side()).isEqualTo(side);
      }
      assertThat(VhostUserRequest.find(side, 0)).isEmpty();
      assertThat(VhostUserRequest.find(side, count + 1)).isEmpty();
      assertThat(VhostUserRequest.find(side, -1)).isEmpty();
      assertThat(VhostUserRequest.find(side, Integer.MIN_VALUE)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(VhostUserRequest.class)
  void aRefusalHasTheShapeOfTheReplyOrIsAnAcknowledgement(VhostUserRequest request)
      throws ProtocolException {
    for (boolean ackAsked : new boolean[] {false, true}) {
      switch (request.refusal(ackAsked)) {
        case Refusal.Answer(VhostUserReply reply) -> {
          assertThat(ackAsked || request.reply().isPresent()).isTrue();
          byte[] bytes = VhostUserCodec.encodeReply(request, reply);
          ByteBuffer in = ByteBuffer.wrap(bytes);
          assertThat(VhostUserCodec.reply(request, VhostUserHeader.parse(in), in.position(12)))
              .isEqualTo(reply)
              .isNotEqualTo(VhostUserReply.ack(true));
        }
        case Refusal.Ignore _ -> {
          assertThat(request).isEqualTo(VhostUserRequest.RESET_OWNER);
          assertThat(ackAsked).isFalse();
        }
        case Refusal.Close _ ->
            assertThat(ackAsked && request.reply().isEmpty())
                .as("who asks for an acknowledgement and has no other reply gets one")
                .isFalse();
      }
    }
  }

  @Test
  void aRequestNeedsItsProtocolFeature() {
    long config = ProtocolFeature.CONFIG.mask();
    assertThat(VhostUserRequest.GET_CONFIG.allowed(config, 0)).isFalse();
    assertThat(VhostUserRequest.GET_CONFIG.allowed(config, config)).isTrue();
    assertThat(VhostUserRequest.GET_FEATURES.allowed(0, 0)).isTrue();
    long mq = ProtocolFeature.MQ.mask();
    assertThat(VhostUserRequest.GET_QUEUE_NUM.allowed(mq, 0)).as("offered suffices").isTrue();
    assertThat(VhostUserRequest.GET_QUEUE_NUM.allowed(0, 0)).isFalse();
  }

  @Test
  void protocolFeaturesAreNumberedAsInTheSpecification() {
    assertThat(Arrays.stream(ProtocolFeature.values()).mapToInt(ProtocolFeature::bit).toArray())
        .containsExactly(IntStream.range(0, 23).toArray());
  }

  @Test
  void inBandNotificationsNeedTheirChannelAndAcknowledgements() throws ProtocolException {
    long all = -1;
    long in = ProtocolFeature.INBAND_NOTIFICATIONS.mask();
    long req = ProtocolFeature.BACKEND_REQ.mask();
    long ack = ProtocolFeature.REPLY_ACK.mask();
    ProtocolFeature.check(all, in | req | ack);
    assertThatThrownBy(() -> ProtocolFeature.check(all, in)).isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> ProtocolFeature.check(all, in | req))
        .isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> ProtocolFeature.check(all, in | ack))
        .isInstanceOf(ProtocolException.class);
    assertThatThrownBy(() -> ProtocolFeature.check(req, req | ack))
        .isInstanceOf(ProtocolException.class);
  }
}
