/// The commands with which an operator asks and steers a running node.
///
/// Each is a request over the control socket ([braid.cli.control.ControlClient]) and a screen. `-o
/// json` prints what the node said, unchanged; a table is made from the same answer ([Screens]).
///
/// **Reading order**: [StatusCommand] (the plainest), [BondCommand], [Screens], [CaptureCommand].
///
/// Nothing here may load Netty, JGroups or the kernel bindings: a command starts in a fraction of a
/// second.
package braid.cli.operator;
