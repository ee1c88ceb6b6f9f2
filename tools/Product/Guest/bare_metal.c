// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machine is a bare Cortex-M or RISC-V core: start-up code, and files through semihosting, which qemu and most
// debuggers offer. The linker script says where memory lies; the emulator has loaded .data and cleared .bss.
// See Arm's "Semihosting for AArch32 and AArch64" and RISC-V's "Semihosting".
#include "guest.h"

extern uint8_t guest_memory_begin[], guest_memory_end[], guest_stack_bottom[], guest_stack_top[];

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };
enum { MODE_READ = 0, MODE_WRITE = 4, APPLICATION_EXIT = 0x20026 };

__attribute__((used)) static _Noreturn void run(void) __asm__("guest_run");
static _Noreturn void fault(void) __asm__("guest_fault");
static uintptr_t input, output;

#if defined(__arm__)

static uintptr_t semihosting(uintptr_t operation, const uintptr_t *block) {
  register uintptr_t r0 __asm__("r0") = operation;
  register const uintptr_t *r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

__attribute__((used)) static _Noreturn void start(void) __asm__("guest_start");
static void start(void) {
#if __ARM_FP
  // Full access to the coprocessors 10 and 11, the floating-point and vector unit (CPACR).
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
  __asm__ volatile("dsb\nisb" ::: "memory");
#endif
  run();
}

// Initial stack pointer, reset, NMI, hard fault and the faults of ARMv7-M.
__attribute__((section(".guest.start"), used)) static void *const vectors[] = {guest_stack_top, start, fault, fault,
                                                                               fault,           fault, fault};

#else

static uintptr_t semihosting(uintptr_t operation, const uintptr_t *block) {
  register uintptr_t a0 __asm__("a0") = operation;
  register const uintptr_t *a1 __asm__("a1") = block;
  // Three instructions of 4 bytes in one page tell it from a breakpoint.
  __asm__ volatile(".option push\n.option norvc\n.balign 16\n"
                   "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
  return a0;
}

__attribute__((section(".guest.start"), naked, used)) void guest_start(void) {
  __asm__ volatile("la sp, guest_stack_top\nla t0, guest_fault\ncsrw mtvec, t0\ntail guest_run");
}

#endif

static uintptr_t open_console(uintptr_t mode) {
  const uintptr_t block[] = {(uintptr_t)":tt", mode, 3};
  return semihosting(SYS_OPEN, block);
}

static void run(void) {
  input = open_console(MODE_READ);
  output = open_console(MODE_WRITE);
  guest_main();
}

__attribute__((aligned(4), used)) static void fault(void) {
  guest_exit(2);
}

struct guest_memory guest_memory(void) {
  // A quarter is left for the frames above the call that is measured.
  const size_t stack = (size_t)(guest_stack_top - guest_stack_bottom);
  return (struct guest_memory){guest_memory_begin, guest_memory_end, stack - stack / 4};
}

int guest_read(void *to, size_t bytes) {
  for (uint8_t *at = to, *end = at + bytes; at != end;) {
    const size_t wanted = (size_t)(end - at);
    const uintptr_t block[] = {input, (uintptr_t)at, wanted};
    const size_t missing = semihosting(SYS_READ, block);
    if (missing >= wanted)
      return 0;
    at += wanted - missing;
  }
  return 1;
}

void guest_write(const void *from, size_t bytes) {
  for (const uint8_t *at = from, *end = at + bytes; at != end;) {
    const size_t wanted = (size_t)(end - at);
    const uintptr_t block[] = {output, (uintptr_t)at, wanted};
    const size_t missing = semihosting(SYS_WRITE, block);
    if (missing >= wanted)
      guest_exit(1);
    at += wanted - missing;
  }
}

void guest_exit(int status) {
  const uintptr_t block[] = {APPLICATION_EXIT, (uintptr_t)status};
  for (;;)
    semihosting(SYS_EXIT_EXTENDED, block);
}

// What a compiler takes for granted; a library that brings its own replaces these.
__attribute__((weak)) void *memcpy(void *to, const void *from, size_t bytes) {
  uint8_t *t = to;
  for (const uint8_t *f = from; bytes; --bytes)
    *t++ = *f++;
  return to;
}

__attribute__((weak)) void *memset(void *to, int value, size_t bytes) {
  for (uint8_t *t = to; bytes; --bytes)
    *t++ = (uint8_t)value;
  return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (t < f)
    return memcpy(to, from, bytes);
  while (bytes--)
    t[bytes] = f[bytes];
  return to;
}

__attribute__((weak)) size_t strlen(const char *text) {
  size_t bytes = 0;
  while (text[bytes])
    ++bytes;
  return bytes;
}
