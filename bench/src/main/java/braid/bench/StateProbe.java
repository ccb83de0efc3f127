package braid.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

/// Measures the round trip of a cache line between the two processors.
///
/// It is a process of its own (warm after the start, raised like the pollers); each line on its
/// standard input asks for one probe of about 10 ms, the answer is the median in nanoseconds.
final class StateProbe implements AutoCloseable {
  private static final int ROUNDS = 20;
  private static final int SAMPLES = 4_000;
  private static final Pattern ANSWER = Pattern.compile("rtt (\\d+\\.\\d)");

  private final Child child;

  /// Starts the process with one thread on each processor.
  StateProbe(int cpuA, int cpuB) {
    child = Child.start("state probe", JavaProcess.line(StateProbe.class, java.util.List.of()));
    child.await(Pattern.compile("ready"), 30);
    child.pin(Line.ANSWERER, cpuA);
    child.pin(Line.ASKER, cpuB);
    for (int i = 0; i < 5; i++) {
      rttNanos();
    }
  }

  /// One probe.
  double rttNanos() {
    child.say("probe");
    return Double.parseDouble(child.await(ANSWER, 30).group(1));
  }

  @Override
  public void close() {
    child.close();
  }

  /// The process's end; see the class.
  public static void main(String[] args) throws IOException {
    // Two spinning threads must never outlive whoever asked for them, in whatever state he died.
    Thread guard = new Thread(StateProbe::endWithParent, "probe-guard");
    guard.setDaemon(true);
    guard.start();
    Line line = new Line();
    Thread answerer = new Thread(line::answer, Line.ANSWERER);
    answerer.setDaemon(true);
    answerer.start();
    Thread asker = new Thread(line::ask, Line.ASKER);
    asker.setDaemon(true);
    asker.start();
    line.probe(); // both threads run, under their names
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (in.readLine() != null) {
      System.out.println(String.format(Locale.ROOT, "rtt %.1f", line.probe()));
    }
  }

  private static void endWithParent() {
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().join());
    Runtime.getRuntime().halt(1);
  }

  /// The shared cache line and its two threads, which sleep between probes.
  private static final class Line {
    static final String ANSWERER = "probe-answerer";
    static final String ASKER = "probe-asker";
    private static final int BALL = 32; // far from the array's header and end
    private static final java.lang.invoke.VarHandle AT =
        java.lang.invoke.MethodHandles.arrayElementVarHandle(int[].class);

    private final int[] line = new int[64];
    private final Object turn = new Object();
    private boolean asked;
    private double result = -1;
    private volatile boolean playing;

    /// Answers every odd number with the next even one, so it matters not when it learns that a
    /// game has ended or begun.
    void answer() {
      while (true) {
        awaitGame();
        while (playing) {
          int asked = (int) AT.getAcquire(line, BALL);
          if ((asked & 1) == 1) {
            AT.setRelease(line, BALL, asked + 1);
          } else {
            Thread.onSpinWait();
          }
        }
      }
    }

    private void awaitGame() {
      synchronized (turn) {
        while (!playing) {
          try {
            turn.wait();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
      }
    }

    void ask() {
      while (true) {
        synchronized (turn) {
          while (!asked) {
            try {
              turn.wait();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          asked = false;
          playing = true;
          turn.notifyAll();
        }
        double median = play();
        synchronized (turn) {
          playing = false;
          result = median;
          turn.notifyAll();
        }
      }
    }

    private double play() {
      long[] samples = new long[SAMPLES];
      int ball = (int) AT.getAcquire(line, BALL) + 1;
      for (int s = 0; s < SAMPLES; s++) {
        long start = System.nanoTime();
        for (int r = 0; r < ROUNDS; r++) {
          AT.setRelease(line, BALL, ball);
          while ((int) AT.getAcquire(line, BALL) != ball + 1) {
            Thread.onSpinWait();
          }
          ball += 2;
        }
        samples[s] = System.nanoTime() - start;
      }
      Arrays.sort(samples);
      return (double) samples[SAMPLES / 2] / ROUNDS;
    }

    double probe() {
      synchronized (turn) {
        result = -1;
        asked = true;
        turn.notifyAll();
        while (result < 0) {
          try {
            turn.wait();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
        return result;
      }
    }
  }
}
