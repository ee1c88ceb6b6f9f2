// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine is Linux: standard input and output.
#include "guest.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct guest_memory guest_memory(void) {
  // Address space; pages come when they are written to.
  const size_t bytes = (size_t)1 << (sizeof(void *) == 8 ? 32 : 29);
  uint8_t *begin = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED)
    guest_exit(1);
  return (struct guest_memory){begin, begin + bytes, (size_t)256 << 10};
}

int guest_read(void *to, size_t bytes) {
  for (uint8_t *at = to, *end = at + bytes; at != end;) {
    const ssize_t got = read(STDIN_FILENO, at, (size_t)(end - at));
    if (got <= 0)
      return 0;
    at += got;
  }
  return 1;
}

void guest_write(const void *from, size_t bytes) {
  for (const uint8_t *at = from, *end = at + bytes; at != end;) {
    const ssize_t put = write(STDOUT_FILENO, at, (size_t)(end - at));
    if (put <= 0)
      guest_exit(1);
    at += put;
  }
}

void guest_exit(int status) {
  _exit(status);
}

int main(void) {
  guest_main();
}
