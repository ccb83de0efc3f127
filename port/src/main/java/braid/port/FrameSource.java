package braid.port;

/// The maker of a frame, to whom its memory returns.
public interface FrameSource {
  /// The holder is done with `frame`: its buffers are the maker's again. For a guest's transmit
  /// chain this is what puts the head on the used ring. Called on the worker that owns the maker.
  void reclaim(Frame frame);
}
