package braid.fabric.directory;

import braid.port.Clock;
import java.io.EOFException;
import java.net.SocketException;
import java.util.Arrays;
import org.jgroups.logging.CustomLogFactory;
import org.jgroups.logging.Log;
import org.jgroups.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/// JGroups' log lines, on their way to ours: its warnings and errors as warnings, few of each of
/// its objects ([LimitedLog]), all the rest as debug lines.
final class JGroupsLog implements Log {
  private final System.Logger log;
  private final LimitedLog limited;

  private JGroupsLog(String category, Clock clock) {
    log = System.getLogger(category);
    limited = new LimitedLog(log, clock);
  }

  /// Takes all of JGroups' lines, for the whole process and as long as it lives.
  static void install(Clock clock) {
    LogFactory.setCustomLogFactory(
        new CustomLogFactory() {
          @Override
          public Log getLog(Class<?> origin) {
            return new JGroupsLog(origin.getName(), clock);
          }

          @Override
          public Log getLog(String category) {
            return new JGroupsLog(category, clock);
          }
        });
  }

  private void warning(String text, @Nullable Throwable cause) {
    limited.warning("directory: " + text + (cause == null ? "" : ": " + cause));
  }

  /// JGroups formats with [String#format]; a wrong format of its own must not stop it.
  private static String format(String format, @Nullable Object[] args) {
    try {
      return String.format(format, args);
    } catch (java.util.IllegalFormatException _) {
      return format;
    }
  }

  @Override
  public boolean isFatalEnabled() {
    return true;
  }

  @Override
  public boolean isErrorEnabled() {
    return true;
  }

  @Override
  public boolean isWarnEnabled() {
    return true;
  }

  @Override
  public boolean isInfoEnabled() {
    return isDebugEnabled();
  }

  @Override
  public boolean isDebugEnabled() {
    return log.isLoggable(System.Logger.Level.DEBUG);
  }

  @Override
  public boolean isTraceEnabled() {
    return false;
  }

  @Override
  public void fatal(String text) {
    warning(text, null);
  }

  @Override
  public void fatal(String format, Object... args) {
    warning(format(format, args), null);
  }

  @Override
  public void fatal(String text, Throwable cause) {
    warning(text, cause);
  }

  @Override
  public void error(String text) {
    warning(text, null);
  }

  @Override
  public void error(String format, Object... args) {
    warning(format(format, args), null);
  }

  @Override
  public void error(String text, Throwable cause) {
    warning(text, cause);
  }

  @Override
  public void warn(String text) {
    warning(text, null);
  }

  @Override
  public void warn(String format, Object... args) {
    // Of two connections that two nodes make to each other at one time, one is closed. So is one
    // whose handshake failed: of that, the judge of certificates told already.
    if (Arrays.stream(args)
        .anyMatch(a -> a instanceof SocketException || a instanceof EOFException)) {
      debug(format, args);
      return;
    }
    warning(format(format, args), null);
  }

  @Override
  public void warn(String text, Throwable cause) {
    warning(text, cause);
  }

  @Override
  public void info(String text) {
    debug(text);
  }

  @Override
  public void info(String format, Object... args) {
    debug(format, args);
  }

  @Override
  public void debug(String text) {
    log.log(System.Logger.Level.DEBUG, text);
  }

  @Override
  public void debug(String format, Object... args) {
    if (isDebugEnabled()) {
      log.log(System.Logger.Level.DEBUG, format(format, args));
    }
  }

  @Override
  public void debug(String text, Throwable cause) {
    if (isDebugEnabled()) {
      log.log(System.Logger.Level.DEBUG, text, cause);
    }
  }

  @Override
  public void trace(Object object) {}

  @Override
  public void trace(String text) {}

  @Override
  public void trace(String format, Object... args) {}

  @Override
  public void trace(String text, Throwable cause) {}

  @Override
  public void setLevel(String level) {}

  @Override
  public String getLevel() {
    return isDebugEnabled() ? "debug" : "warn";
  }
}
