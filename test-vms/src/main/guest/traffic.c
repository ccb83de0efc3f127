/*
 * traffic: what goes over the network while something breaks, and what came of it.
 *
 * The same static program runs on both ends. All reports are lines of "key=value" words on
 * standard output, first word the kind of line; times are milliseconds since the program started
 * (monotonic clock) unless they say otherwise.
 *
 *   traffic udp BIND-PORT PEER-ADDRESS PEER-PORT [rate=1000] [gap=5] [seconds=0] [size=64]
 *     Both directions at once, each independent of the other: sends one numbered packet every
 *     1/rate seconds, and receives the peer's. No packet of one direction depends on the other
 *     direction working, so losses can be told apart. Ends after `seconds` (0: never) or at
 *     SIGTERM; receives for 500 ms more before the report. SIGUSR1 asks for a "now" line.
 *
 *     listening port=                                it has begun, signals are heard
 *     now   t= wall= sent= received= highest=        sent: the number the next packet would get;
 *                                                    wall: microseconds of the real-time clock
 *     gap   t= ms= net_ms= pace_ms= first= last= lost=
 *                                                    nothing arrived for longer than `gap` ms, as
 *                                                    this end's kernel saw it, however late this
 *                                                    program was to look; t is when it ended,
 *                                                    first the highest number before, last the
 *                                                    number after (smaller if that one was late),
 *                                                    pace_ms how far apart the sender sent those
 *                                                    before and after, net_ms the gap without the
 *                                                    sender's own delay if nothing was sent between
 *     missing first= last=                           at the end: ranges never received
 *     duplicate number= times=                       at the end: received more than once
 *     report sent= received= lost= duplicated= reordered= highest= max_gap_ms= late_sends=
 *            t= wall=
 *                                                    lost counts up to the highest number seen;
 *                                                    the peer's "sent" tells the rest
 *
 *   traffic tcp-send ADDRESS PORT BYTES RATE SEED    RATE: bytes per second, 0 for no limit
 *   traffic tcp-receive PORT                         takes one connection, until it ends
 *     The data is a pseudo-random stream grown from SEED. Both ends print, every second
 *       progress t= bytes= stall_ms=                 stall: the longest time without progress
 *     and at the end
 *       tcp bytes= seconds= stall_ms= sha256=        of what was really sent, really received
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sha256.h"

#define MAGIC 0x42726169u
#define NUMBERS_MAX (16u << 20) /* 4.6 hours at 1 kHz; packets numbered higher are refused */

static volatile sig_atomic_t stopping, asked;

static void on_signal(int signal) {
  if (signal == SIGUSR1)
    asked = 1;
  else
    stopping = 1;
}

static int64_t nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t started;

static double since_start(int64_t at) { return (double)(at - started) / 1e6; }

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
  exit(1);
}

static _Noreturn void usage(const char *why) {
  fprintf(stderr, "traffic: %s; see the first comment of traffic.c\n", why);
  exit(2);
}

static struct sockaddr_in address(const char *host, const char *port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, host, &a.sin_addr) != 1) usage("not an IPv4 address");
  return a;
}

/* ---- UDP ------------------------------------------------------------------------------------ */

struct packet {
  uint32_t magic;
  uint32_t number;
  int64_t sent_at; /* sender's monotonic clock, ns */
};

static struct {
  int socket;
  struct sockaddr_in peer;
  int64_t interval, gap;
  size_t size;
  uint32_t sent, late;
  uint64_t received, duplicated, reordered;
  uint8_t *seen; /* how often each number came, saturating */
  int64_t highest;
  int64_t last_at, last_sent_at, max_gap;
  uint32_t last_number;
} udp;

static void udp_send(int64_t now) {
  static uint8_t buffer[1500];
  struct packet p = {MAGIC, udp.sent, now};
  memcpy(buffer, &p, sizeof p);
  /* What the kernel cannot take now counts as sent: the loss then shows on the other side. */
  if (sendto(udp.socket, buffer, udp.size, MSG_DONTWAIT, (struct sockaddr *)&udp.peer,
             sizeof udp.peer) < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ENETUNREACH &&
      errno != EHOSTUNREACH && errno != ECONNREFUSED && errno != ENETDOWN)
    fail("sendto");
  udp.sent++;
}

static void udp_note_gap(int64_t at, const struct packet *p) {
  int64_t gap = at - udp.last_at;
  if (udp.received == 0) return;
  if (gap > udp.max_gap) udp.max_gap = gap;
  if (gap <= udp.gap) return;
  uint32_t highest = (uint32_t)udp.highest;
  uint32_t lost = p->number > highest ? p->number - highest - 1 : 0;
  int64_t pace = p->sent_at - udp.last_sent_at;
  int64_t held = p->number == udp.last_number + 1 && pace > udp.interval ? pace - udp.interval : 0;
  printf("gap t=%.3f ms=%.3f net_ms=%.3f pace_ms=%.3f first=%u last=%u lost=%u\n",
         since_start(at), (double)gap / 1e6, (double)(gap - held) / 1e6, (double)pace / 1e6,
         highest, p->number, lost);
}

/* One packet, and when this end's kernel had it, on the monotonic clock. */
static ssize_t udp_take(uint8_t *buffer, size_t size, int64_t *at) {
  union {
    struct cmsghdr header;
    uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
  } control;
  struct iovec part = {buffer, size};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
                     .msg_controllen = sizeof control};
  ssize_t n = recvmsg(udp.socket, &m, MSG_DONTWAIT);
  *at = nanos();
  struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
  if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
    struct timespec then, wall;
    memcpy(&then, CMSG_DATA(c), sizeof then);
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t age = (wall.tv_sec - then.tv_sec) * 1000000000LL + wall.tv_nsec - then.tv_nsec;
    if (age > 0) *at -= age;
  }
  return n;
}

static void udp_receive(void) {
  uint8_t buffer[2048];
  ssize_t n;
  int64_t at;
  while ((n = udp_take(buffer, sizeof buffer, &at)) >= 0) {
    struct packet p;
    if ((size_t)n < sizeof p) continue;
    memcpy(&p, buffer, sizeof p);
    if (p.magic != MAGIC || p.number >= NUMBERS_MAX) continue;
    if (udp.seen[p.number] > 0) {
      if (udp.seen[p.number] < 255) udp.seen[p.number]++;
      udp.duplicated++;
      continue;
    }
    udp_note_gap(at, &p);
    udp.seen[p.number] = 1;
    udp.received++;
    if ((int64_t)p.number < udp.highest) udp.reordered++;
    if ((int64_t)p.number > udp.highest) udp.highest = p.number;
    udp.last_at = at;
    udp.last_sent_at = p.sent_at;
    udp.last_number = p.number;
  }
}

static int64_t wall_micros(void) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  return (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
}

static void udp_now(void) {
  printf("now t=%.3f wall=%" PRId64 " sent=%u received=%" PRIu64 " highest=%" PRId64 "\n",
         since_start(nanos()), wall_micros(), udp.sent, udp.received, udp.highest);
}

static void udp_report(void) {
  for (int64_t i = 0; i <= udp.highest; i++) {
    if (udp.seen[i] > 1) printf("duplicate number=%" PRId64 " times=%d\n", i, udp.seen[i]);
    if (udp.seen[i] > 0) continue;
    int64_t first = i;
    while (i + 1 <= udp.highest && udp.seen[i + 1] == 0) i++;
    printf("missing first=%" PRId64 " last=%" PRId64 "\n", first, i);
  }
  printf("report sent=%u received=%" PRIu64 " lost=%" PRId64 " duplicated=%" PRIu64
         " reordered=%" PRIu64 " highest=%" PRId64 " max_gap_ms=%.3f late_sends=%u t=%.3f wall=%" PRId64 "\n",
         udp.sent, udp.received, udp.highest + 1 - (int64_t)udp.received, udp.duplicated,
         udp.reordered, udp.highest, (double)udp.max_gap / 1e6, udp.late, since_start(nanos()),
         wall_micros());
}

static double option(int argc, char **argv, const char *name, double otherwise) {
  size_t n = strlen(name);
  for (int i = 0; i < argc; i++)
    if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=') return atof(argv[i] + n + 1);
  return otherwise;
}

/* Waits for a packet until `until`, in the precision of ppoll; then takes what came. */
static void udp_wait(int64_t until) {
  int64_t left = until - nanos();
  if (left > 0) {
    struct pollfd fd = {.fd = udp.socket, .events = POLLIN};
    struct timespec t = {left / 1000000000, left % 1000000000};
    ppoll(&fd, 1, &t, NULL);
  }
  udp_receive();
  if (asked) {
    asked = 0;
    udp_now();
  }
}

static void udp_main(int argc, char **argv) {
  if (argc < 3) usage("udp BIND-PORT PEER-ADDRESS PEER-PORT");
  double rate = option(argc, argv, "rate", 1000), seconds = option(argc, argv, "seconds", 0);
  struct sockaddr_in own = address("0.0.0.0", argv[0]);
  int one = 1, space = 4 << 20;
  udp.peer = address(argv[1], argv[2]);
  udp.interval = (int64_t)(1e9 / rate);
  udp.gap = (int64_t)(option(argc, argv, "gap", 5) * 1e6);
  udp.size = (size_t)option(argc, argv, "size", 64);
  if (udp.size < sizeof(struct packet) || udp.size > 1472) usage("size is 16 to 1472");
  udp.highest = -1;
  udp.seen = calloc(NUMBERS_MAX, 1);
  udp.socket = socket(AF_INET, SOCK_DGRAM, 0);
  if (udp.socket < 0 || udp.seen == NULL) fail("socket");
  setsockopt(udp.socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(udp.socket, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
  setsockopt(udp.socket, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
  if (bind(udp.socket, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  printf("listening port=%s\n", argv[0]);

  int64_t end = seconds > 0 ? started + (int64_t)(seconds * 1e9) : INT64_MAX;
  int64_t next = nanos();
  while (!stopping && nanos() < end && udp.sent < NUMBERS_MAX) {
    int64_t now = nanos();
    if (now >= next) {
      /* A sender that was held up does not catch up in a burst: it goes on at its pace. */
      if (now - next > udp.interval) {
        udp.late++;
        next = now;
      }
      udp_send(now);
      next += udp.interval;
    }
    udp_wait(next);
  }
  for (int64_t until = nanos() + 500000000; nanos() < until;) udp_wait(until);
  udp_report();
}

/* ---- TCP ------------------------------------------------------------------------------------ */

static struct {
  uint64_t bytes;
  int64_t began, progressed, printed, stall, second_stall;
  struct sha256 sha;
} tcp;

static void tcp_progress(const uint8_t *data, size_t n) {
  int64_t now = nanos(), stall = now - tcp.progressed;
  sha256_take(&tcp.sha, data, n);
  tcp.bytes += n;
  tcp.progressed = now;
  if (stall > tcp.stall) tcp.stall = stall;
  if (stall > tcp.second_stall) tcp.second_stall = stall;
  if (now - tcp.printed >= 1000000000) {
    printf("progress t=%.3f bytes=%" PRIu64 " stall_ms=%.3f\n", since_start(now), tcp.bytes,
           (double)tcp.second_stall / 1e6);
    tcp.printed = now;
    tcp.second_stall = 0;
  }
}

static void tcp_start(void) {
  tcp.began = tcp.progressed = tcp.printed = nanos();
  sha256_start(&tcp.sha);
}

static void tcp_report(void) {
  char hex[65];
  sha256_finish(&tcp.sha, hex);
  printf("tcp bytes=%" PRIu64 " seconds=%.3f stall_ms=%.3f sha256=%s\n", tcp.bytes,
         (double)(nanos() - tcp.began) / 1e9, (double)tcp.stall / 1e6, hex);
}

static uint64_t stream_next(uint64_t *state) { /* splitmix64 */
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void tcp_send(int argc, char **argv) {
  if (argc < 5) usage("tcp-send ADDRESS PORT BYTES RATE SEED");
  struct sockaddr_in peer = address(argv[0], argv[1]);
  uint64_t left = strtoull(argv[2], NULL, 10), state = strtoull(argv[4], NULL, 10);
  double rate = atof(argv[3]);
  static uint64_t chunk[2048]; /* 16 KiB */
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (s < 0 || connect(s, (struct sockaddr *)&peer, sizeof peer) < 0) fail("connect");
  tcp_start();
  while (left > 0 && !stopping) {
    size_t n = left < sizeof chunk ? left : sizeof chunk, done = 0;
    for (size_t i = 0; i < sizeof chunk / 8; i++) chunk[i] = stream_next(&state);
    while (done < n) {
      ssize_t w = send(s, (uint8_t *)chunk + done, n - done, MSG_NOSIGNAL);
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) fail("send");
      done += (size_t)w;
    }
    tcp_progress((uint8_t *)chunk, n);
    left -= n;
    if (rate > 0) {
      int64_t due = tcp.began + (int64_t)((double)tcp.bytes / rate * 1e9);
      struct timespec t = {due / 1000000000, due % 1000000000};
      if (due > nanos()) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    }
  }
  shutdown(s, SHUT_WR);
  /* The receiver closes when it has everything: only then is it sent. */
  while (read(s, chunk, sizeof chunk) > 0) {
  }
  tcp_report();
}

static void tcp_receive(int argc, char **argv) {
  if (argc < 1) usage("tcp-receive PORT");
  struct sockaddr_in own = address("0.0.0.0", argv[0]);
  static uint8_t buffer[64 << 10];
  int one = 1, s = socket(AF_INET, SOCK_STREAM, 0), connection;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(s, (struct sockaddr *)&own, sizeof own) < 0 || listen(s, 1) < 0) fail("bind");
  printf("listening port=%s\n", argv[0]);
  do {
    connection = accept(s, NULL, NULL);
  } while (connection < 0 && errno == EINTR && !stopping);
  if (connection < 0) fail("accept");
  tcp_start();
  for (;;) {
    ssize_t n = read(connection, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR && !stopping) continue;
    if (n < 0) fail("read");
    if (n == 0) break;
    tcp_progress(buffer, (size_t)n);
  }
  close(connection);
  tcp_report();
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);
  started = nanos();
  if (argc < 2) usage("udp, tcp-send or tcp-receive");
  if (strcmp(argv[1], "udp") == 0)
    udp_main(argc - 2, argv + 2);
  else if (strcmp(argv[1], "tcp-send") == 0)
    tcp_send(argc - 2, argv + 2);
  else if (strcmp(argv[1], "tcp-receive") == 0)
    tcp_receive(argc - 2, argv + 2);
  else
    usage("udp, tcp-send or tcp-receive");
  return 0;
}
