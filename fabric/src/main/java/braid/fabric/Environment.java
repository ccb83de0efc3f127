package braid.fabric;

import braid.port.Clock;
import java.util.random.RandomGenerator;

/// What a session's end lives in.
///
/// @param node   this node's name
/// @param window memory of a session
/// @param timing patience
/// @param clock  the worker's time
/// @param random spreads new attempts, and names sessions
/// @param events told what happens
public record Environment(
    String node,
    Window window,
    Timing timing,
    Clock clock,
    RandomGenerator random,
    FabricListener events) {}
