package braid.cli;

import java.lang.reflect.Proxy;
import org.slf4j.LoggerFactory;

/// SIGHUP, which tells a daemon to read its configuration again.
///
/// The JDK's only way to it is sun.misc.Signal, whose very mention is a compiler warning; so it is
/// found at run time, and a JDK without it has no SIGHUP.
final class HangUp {
  private HangUp() {}

  /// Runs `action` on a thread of the JVM at each SIGHUP.
  static void each(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object told =
          Proxy.newProxyInstance(
              HangUp.class.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Object before =
          signal
              .getMethod("handle", signal, handler)
              .invoke(null, signal.getConstructor(String.class).newInstance("HUP"), told);
      if (handler.getField("SIG_IGN").get(null).equals(before)) {
        // The JVM leaves a signal alone that was ignored when it started.
        LoggerFactory.getLogger("braid.node")
            .info("SIGHUP is ignored (started by nohup?): reload with 'braid reload'");
      }
    } catch (ReflectiveOperationException e) {
      LoggerFactory.getLogger("braid.node").warn("SIGHUP cannot be heard: {}", e.toString());
    }
  }
}
