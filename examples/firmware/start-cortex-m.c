/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Start-up code of a Cortex-M without a C library: the vector table, memory, the floating-point unit. */
#include <stddef.h>
#include <stdint.h>

int main(void);
void print(const char *text, size_t bytes);

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_end[];

/* A debugger or an emulator that listens: semihosting (Arm's specification, version 3). */
static int32_t ask_host(int32_t operation, const void *argument) {
  register int32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void print(const char *text, size_t bytes) {
  size_t i;
  for (i = 0; i < bytes; ++i)
    ask_host(0x03 /* SYS_WRITEC */, text + i);
}

static void stop(int status) {
  /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
  uintptr_t reason[2] = {0x20026, (uintptr_t)status};
  for (;;)
    ask_host(0x20, reason);
}

static void fault(void) {
  print("fault\n", 6);
  stop(1);
}

/* A compiler may use vectors for these loops, so that they are no part of what runs before the unit is switched on. */
__attribute__((noinline)) static void run(void) {
  uint32_t *to = data_start, *from = data_load;
  while (to < data_end)
    *to++ = *from++;
  for (to = bss_start; to < bss_end; ++to)
    *to = 0;
  stop(main());
}

__attribute__((used)) void reset(void) {
  /* Coprocessors 10 and 11: floating point and, where it is there, Helium. */
  *(volatile uint32_t *)0xe000ed88 |= 0xf << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
  run();
}

__attribute__((used, section(".vectors"))) static const void *const vectors[16] = {stack_end, reset, fault, fault,
                                                                                   fault,     fault, fault, fault};
