package braid.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Descriptors, shared memory and eventfds.
class DescriptorsTest {
  @Test
  void errorNamesTheCallTheErrorAndWhatWasTried() {
    assertThatThrownBy(() -> Fd.open(Path.of("/nowhere/x")))
        .isInstanceOf(LinuxException.class)
        .hasMessage("open /nowhere/x: open failed with ENOENT (2)");
  }

  @Test
  void closedDescriptorHasNoNumber() {
    EventFd event = EventFd.create();
    event.close();
    event.close();
    assertThat(event.fd().isOpen()).isFalse();
    assertThatThrownBy(() -> event.fd().number()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anEventFdIsToldFromEverythingElse(@TempDir Path dir) throws Exception {
    Path file = Files.writeString(dir.resolve("file"), "12345");
    try (EventFd event = EventFd.create();
        MemFd memory = MemFd.create("test", 4096);
        Fd plain = Fd.open(file)) {
      assertThat(event.fd().isEventFd()).isTrue();
      assertThat(event.fd().isRegularFile()).isFalse();
      assertThat(memory.fd().isEventFd()).isFalse();
      assertThat(memory.fd().isRegularFile()).isTrue();
      assertThat(memory.fd().size()).isEqualTo(4096);
      assertThat(plain.isEventFd()).isFalse();
      assertThat(plain.size()).isEqualTo(5);
      assertThat(plain.cannotShrink()).isFalse();
      assertThatThrownBy(() -> EventFd.of(plain))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void eventsAddUpUntilDrained() {
    try (EventFd event = EventFd.create()) {
      assertThat(event.drain()).isZero();
      assertThat(event.await(0)).isFalse();
      assertThat(event.signal()).isEqualTo(8);
      assertThat(event.signal()).isEqualTo(8);
      assertThat(event.await(0)).isTrue();
      assertThat(event.drain()).isEqualTo(2);
    }
  }

  @Test
  void sealedMemoryCannotBeResized() {
    try (MemFd sealed = MemFd.create("sealed", 8192);
        MemFd open = MemFd.createUnsealed("open", 8192)) {
      assertThat(sealed.fd().cannotShrink()).isTrue();
      assertThat(open.fd().cannotShrink()).isFalse();
      assertThatThrownBy(() -> sealed.resize(4096)).hasMessageContaining("EPERM");
      open.resize(4096);
      assertThat(open.fd().size()).isEqualTo(4096);
    }
  }

  @Test
  void twoMappingsOfOneFileShareItsBytes() {
    try (MemFd memory = MemFd.create("shared", 8192);
        Mapping all = memory.map();
        Mapping second = Mapping.shared(memory.fd(), 4096, 4096)) {
      all.segment().set(ValueLayout.JAVA_INT, 4100, 42);
      assertThat(second.segment().get(ValueLayout.JAVA_INT, 4)).isEqualTo(42);
    }
  }

  @Test
  void aMappingThatWasClosedThrowsInsteadOfCrashing() {
    Mapping mapping = Mapping.anonymous(4096).lock();
    var segment = mapping.segment();
    segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    mapping.close();
    mapping.close();
    assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }
}
