/*
 * bond-choices: which slave the kernel's bonding driver sends each frame through.
 *
 *   bond-choices BOND ENTRY FRAMES CHOICES
 *
 * ENTRY: the device the frames are put on. It is the bond itself, or one end of a veth pair whose
 * other end hands to the bond what it receives. The difference is in VLAN tags: from a packet
 * socket the driver gets them in the frame; on the way through a receiving device the kernel takes
 * the outermost one out and carries it beside the frame, as it does for all that a bridge or a VLAN
 * device gives to a bond.
 * FRAMES: per frame its length (2 bytes, little-endian) and its bytes from the Ethernet header on,
 * without FCS. CHOICES gets one byte per frame: the slave's place among the bond's slaves, first 0,
 * in the order of /sys/class/net/BOND/bonding/slaves, which is the order the driver counts in; 255
 * for a frame that none sent.
 *
 * Frames are put on the bond by one packet socket and seen on the slaves by another, as they leave.
 * The slaves must be devices that transmit in the caller's context (dummy, veth without a qdisc):
 * then what leaves, leaves in order. Every frame seen is compared with the one sent, byte by byte;
 * strays (the kernel's own frames) are counted and skipped.
 *
 * Prints at the end: choices frames= sent= strays= seconds=
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define FRAME_MAX 2048
#define SLAVES_MAX 254
#define NO_CHOICE 255
#define PATIENCE_MS 2 /* for a frame that may never come */

static int slaves[SLAVES_MAX];
static int slave_count;

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "bond-choices: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void read_slaves(const char *bond) {
  char path[128], name[IFNAMSIZ];
  snprintf(path, sizeof path, "/sys/class/net/%s/bonding/slaves", bond);
  FILE *in = fopen(path, "r");
  if (!in) fail(path);
  while (slave_count < SLAVES_MAX && fscanf(in, "%15s", name) == 1)
    slaves[slave_count++] = (int)if_nametoindex(name);
  fclose(in);
}

static int place_of(int interface) {
  for (int i = 0; i < slave_count; i++)
    if (slaves[i] == interface) return i;
  return NO_CHOICE;
}

static int open_sender(int entry) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  /* Protocol 0: the driver is told the EtherType that stands in the frame. */
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = entry};
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("packet socket to send");
  return fd;
}

/* Sees what passes the slaves, whose indices must lie side by side. */
static int open_receiver(void) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  int first = slaves[0], last = slaves[0];
  for (int i = 1; i < slave_count; i++) {
    if (slaves[i] < first) first = slaves[i];
    if (slaves[i] > last) last = slaves[i];
  }
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)first, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = 5, .filter = code};
  int size = 4 << 20;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    fail("packet socket on the slaves");
  return fd;
}

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_at[BATCH], in_at[BATCH];
static struct sockaddr_ll in_from[BATCH];
static uint8_t in_bytes[BATCH][FRAME_MAX];

/* Sends out[0..count) and notes where each left. */
static long pass(int sender, int receiver, int count, uint8_t *choices) {
  long strays = 0;
  int next = 0;
  for (int sent = 0; sent < count;) {
    int n = sendmmsg(sender, out + sent, (unsigned)(count - sent), 0);
    if (n < 0) fail("sendmmsg");
    sent += n;
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) in[i].msg_hdr.msg_namelen = sizeof in_from[i];
    int got = recvmmsg(receiver, in, BATCH, MSG_DONTWAIT, NULL);
    if (got < 0 && errno != EAGAIN) fail("recvmmsg");
    if (got < 0) {
      struct pollfd more = {receiver, POLLIN, 0};
      if (next == count || poll(&more, 1, PATIENCE_MS) == 0) return strays;
      continue;
    }
    for (int i = 0; i < got; i++) {
      /* A frame that no slave sent leaves a hole: look for the next one that is like it. */
      int at = next;
      while (at < count && (in[i].msg_len != out_at[at].iov_len ||
                            memcmp(in_bytes[i], out_at[at].iov_base, in[i].msg_len) != 0))
        at++;
      int place = place_of(in_from[i].sll_ifindex);
      if (at == count || place == NO_CHOICE || in_from[i].sll_pkttype != PACKET_OUTGOING) {
        strays++;
        continue;
      }
      choices[at] = (uint8_t)place;
      next = at + 1;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: bond-choices BOND ENTRY FRAMES CHOICES\n");
    return 2;
  }
  int entry = (int)if_nametoindex(argv[2]);
  if (entry == 0) fail(argv[2]);
  read_slaves(argv[1]);
  if (slave_count == 0) {
    fprintf(stderr, "bond-choices: %s has no slaves\n", argv[1]);
    return 1;
  }
  int sender = open_sender(entry), receiver = open_receiver();
  for (int i = 0; i < BATCH; i++) {
    out[i].msg_hdr = (struct msghdr){.msg_iov = &out_at[i], .msg_iovlen = 1};
    in_at[i] = (struct iovec){in_bytes[i], FRAME_MAX};
    in[i].msg_hdr = (struct msghdr){
        .msg_iov = &in_at[i], .msg_iovlen = 1, .msg_name = &in_from[i]};
  }

  int file = open(argv[3], O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) < 0) fail(argv[3]);
  size_t size = (size_t)status.st_size, at = 0;
  uint8_t *frames = malloc(size), *choices = malloc(size / 2 + BATCH);
  for (size_t done = 0; done < size;) {
    ssize_t n = read(file, frames + done, size - done);
    if (n <= 0) fail(argv[3]);
    done += (size_t)n;
  }
  memset(choices, NO_CHOICE, size / 2 + BATCH);

  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  long total = 0, strays = 0, sent = 0;
  while (at < size) {
    int count = 0;
    for (; count < BATCH && at + 2 <= size; count++) {
      size_t length = (size_t)(frames[at] | frames[at + 1] << 8);
      if (length > FRAME_MAX || at + 2 + length > size) {
        fprintf(stderr, "bond-choices: %s is cut or has a frame too long at %zu\n", argv[3], at);
        return 1;
      }
      out_at[count] = (struct iovec){frames + at + 2, length};
      at += 2 + length;
    }
    strays += pass(sender, receiver, count, choices + total);
    total += count;
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  for (long i = 0; i < total; i++) sent += choices[i] != NO_CHOICE;

  FILE *result = fopen(argv[4], "w");
  if (!result || fwrite(choices, 1, (size_t)total, result) != (size_t)total || fclose(result) != 0)
    fail(argv[4]);
  printf("choices frames=%ld sent=%ld strays=%ld seconds=%.3f\n", total, sent, strays,
         (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
  return 0;
}
