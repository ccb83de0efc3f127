/// Benchmarks: ours beside the peers, in one run, on one machine state.
///
/// **Why so much machinery for one ratio.** A virtual machine's CPUs are moved by its host between
/// hyper-threads of one core, cores of one cache and cores of two dies; a cache line's round trip
/// differs tenfold between these, and with it every rate of a shared ring. No absolute rate means
/// anything here. So two sides are measured in turn (A B, B A, A B...), a cache-line ping-pong
/// before, between and after tells the state ([MachineState]), and a pair counts only if all three
/// probes agree. What is reported is the ratio of a pair.
///
/// **Reading order**: [Bench] (the command line), [RingBench] (the run), [Side] (what is compared),
/// [Testpmd] and [LoopBackend] (the processes), [StateProbe], [PairStatistics].
///
/// `bench failover` is another kind: times, not rates. Read [FailoverBench] (the method),
/// [ContenderKind] (who takes part), [Outages] (what counts).
///
/// **Processes**: everything measured is a child in a session of its own with a raised scheduler
/// group; all are ended by pid, huge pages are given back.
package braid.bench;
