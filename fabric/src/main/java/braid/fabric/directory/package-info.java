/// The directory of NICs: which nodes are there, what NICs they have, and which node may speak for
/// which guest's MAC address.
///
/// **Reading order**: [Directory] (what it promises), [NicRecord] and [NicMap] (what it tells),
/// then the parts with all the decisions and no thread: [NicTable] (records and members become a
/// map), [OwnershipTable] (commands become owners), [Pacer] (when to tell the others). Around
/// them: [FileDirectory] for one machine, [JGroupsDirectory] for a cluster.
///
/// **Threads**: the public methods are for any control thread; never for a worker's data path.
///
/// **Never** in this package: frames, ports, and decisions of failover. A NIC that vanishes from
/// the map is news for people; the path to it is watched by the bond's monitors.
@org.jspecify.annotations.NullMarked
package braid.fabric.directory;
