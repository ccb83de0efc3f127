package braid.virtio;

/// A request of vhost-user, typed. File descriptors are not in it: they travel beside it, as many
/// as [VhostUserRequest#fdsMin] to [VhostUserRequest#fdsMax], and [VhostUserCodec] has checked
/// their number.
public sealed interface VhostUserMessage permits FrontendMessage, BackendMessage {
  /// Which one it is.
  VhostUserRequest request();
}
