/*
 * uml-xstate: lets user-mode Linux 6.1 run on processors with a large register state (AMX).
 *
 * It keeps 2696 bytes of extended registers for each of its processes and sets them by
 * PTRACE_SETREGSET. A kernel on a processor whose state is larger takes the whole or nothing
 * (EFAULT), and every process of the guest dies at its first instruction. Preloaded, this library
 * completes what is set with zeros, which stand for "initial": the header at the front says which
 * parts are in use, and the parts behind 2696 bytes are not.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define STATE_MAX (64 * 1024)

static unsigned char whole[STATE_MAX];
static size_t whole_size; /* of this machine; 0 until asked */

long ptrace(enum __ptrace_request request, ...) {
  va_list list;
  va_start(list, request);
  long pid = va_arg(list, pid_t);
  void *address = va_arg(list, void *);
  void *data = va_arg(list, void *);
  va_end(list);
  struct iovec state = {whole, sizeof whole};
  if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
    const struct iovec *part = data;
    if (whole_size == 0 && syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &state) == 0) {
      whole_size = state.iov_len;
      memset(whole, 0, sizeof whole);
    }
    if (part->iov_len < whole_size) {
      memcpy(whole, part->iov_base, part->iov_len);
      state.iov_len = whole_size;
      data = &state;
    }
  }
  /* As the C library does: peeks give their result through data. */
  long peeked;
  int peeks = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER;
  long result = syscall(SYS_ptrace, request, pid, address, peeks ? &peeked : data);
  return peeks && result >= 0 ? peeked : result;
}
