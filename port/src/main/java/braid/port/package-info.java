/// The narrow waist of Braid: everything that moves frames is a [Port], a [Cable] joins two of
/// them, a [Worker] is the one thread that pumps cables.
///
/// **Reading order**: [Port] (five verbs and the ownership rule), [Frame] (what moves), [Cable],
/// [Worker], then the ports that wrap ports ([TapPoint], [FaultyPort]) and the one that is its own
/// far end ([PipePort]).
///
/// **Threads**: a port, a cable and the frames in them belong to one worker thread. Control threads
/// never touch them: they post commands with [Worker#submit], which run between two batches.
///
/// **Ownership**: a frame has exactly one holder. [Port#receive] gives it to the caller,
/// [Port#send] takes it, and who holds it otherwise calls [Frame#release].
///
/// **Never** in this package: system calls, allocation per frame, locks or logging on the data
/// path, knowledge of rings or of Linux.
package braid.port;
