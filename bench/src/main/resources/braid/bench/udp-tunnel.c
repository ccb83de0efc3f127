/*
 * udp-tunnel: the simplest tunnel there is, to compare with: frames of SIZE bytes as UDP packets,
 * 64 for each system call. No encryption, no flow control, no order.
 *
 *   udp-tunnel receive PORT SECONDS
 *       prints "received frames= seconds=" from its first packet until SECONDS later
 *   udp-tunnel send ADDRESS PORT SIZE SECONDS
 *       sends as fast as it can, prints "sent frames="
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define BYTES_MAX 2048

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static char bytes[BATCH][BYTES_MAX];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int udp(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int buffer = 8 << 20;
  if (fd < 0) {
    perror("socket");
    exit(1);
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
  return fd;
}

static struct sockaddr_in address(const char *host, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, host, &to.sin_addr);
  return to;
}

static void prepare(size_t size) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){.iov_base = bytes[i], .iov_len = size};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
}

static int receive(const char *port, double seconds) {
  int fd = udp();
  struct sockaddr_in here = address("0.0.0.0", port);
  if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
    perror("bind");
    return 1;
  }
  prepare(BYTES_MAX);
  struct timeval tick = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick);
  printf("listening\n");
  fflush(stdout);
  long frames = 0;
  double began = 0, t = 0;
  while (!began || (t = now()) - began < seconds) {
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    if (n > 0) {
      if (!began)
        began = now();
      frames += n;
    }
  }
  printf("received frames=%ld seconds=%.6f\n", frames, t - began);
  return 0;
}

static int transmit(const char *host, const char *port, size_t size, double seconds) {
  int fd = udp();
  struct sockaddr_in to = address(host, port);
  if (size > BYTES_MAX || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
    perror("connect");
    return 1;
  }
  prepare(size);
  long frames = 0;
  for (double end = now() + seconds; now() < end;) {
    int n = sendmmsg(fd, messages, BATCH, 0);
    if (n > 0)
      frames += n;
  }
  printf("sent frames=%ld\n", frames);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "receive"))
    return receive(argv[2], atof(argv[3]));
  if (argc == 6 && !strcmp(argv[1], "send"))
    return transmit(argv[2], argv[3], atol(argv[4]), atof(argv[5]));
  fprintf(stderr, "usage: see the first lines of udp-tunnel.c\n");
  return 2;
}
