package braid.host;

/// Hears what the data path of a [VhostNetPort] finds out; called on the worker, so it must not
/// wait for anything.
interface PortListener {
  /// Nobody listens: what a port without a session has.
  PortListener NOBODY =
      new PortListener() {
        @Override
        public void miss(long iova, int permission) {}

        @Override
        public void broken(int queue, String why) {}

        @Override
        public void announced() {}
      };

  /// A translation is wanted that was not asked for yet.
  ///
  /// @param permission [Iotlb#READ], [Iotlb#WRITE] or both
  void miss(long iova, int permission);

  /// The guest broke a ring, which is not used any more until it is started again.
  void broken(int queue, String why);

  /// The guest has announced itself as it was asked to.
  void announced();
}
