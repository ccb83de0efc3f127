/// What Linux offers to user space, by the foreign function interface: no JNI, no Unsafe.
///
/// **Reading order**: [Fd] and [LinuxException]; [MemFd], [Mapping], [EventFd]; [UnixSocket] and
/// [UnixListener] (descriptors travel over them); [IoUring] with its `UringQueues`, the one place
/// where a worker waits; [Tap] and [TapPort]; [Netlink] and [LinkMonitor]; [VfioContainer],
/// [VfioGroup], [VfioDevice] and [PciFunction]. `Linux` has the system calls themselves, one
/// method for each; the layouts and numbers come from `braid.kernel.jextract`, which is generated
/// from the kernel's headers (see `kernel-shim/bindings`), committed, and compared with a C
/// compiler's view by a test.
///
/// **Threads**: [IoUring] and [TapPort] belong to one worker, [LinkMonitor] has a thread of its
/// own; what else there is says so itself.
///
/// **Errors**: the control path throws [LinuxException] with the call, the error and what was
/// tried. The data path gets the kernel's negative number and counts.
///
/// **Never** in this package: knowledge of VIRTIO, of vhost-user or of bonds.
package braid.kernel;
