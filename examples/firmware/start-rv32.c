/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Start-up code of a 32-bit RISC-V core without a C library, for qemu's machine "virt": memory, the serial port, and the
 * device that ends the machine. */
#include <stddef.h>
#include <stdint.h>

int main(void);
void print(const char *text, size_t bytes);

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];

/* The registers of a serial port of the kind 16550. */
#define TRANSMIT (*(volatile uint8_t *)0x10000000)
#define LINE_STATUS (*(volatile uint8_t *)0x10000005)
enum { TRANSMIT_IS_EMPTY = 0x20 };

void print(const char *text, size_t bytes) {
  size_t i;
  for (i = 0; i < bytes; ++i) {
    while (!(LINE_STATUS & TRANSMIT_IS_EMPTY))
      ;
    TRANSMIT = (uint8_t)text[i];
  }
}

/* The machine's test device, whose words end the emulator. */
static void stop(int status) {
  volatile uint32_t *device = (volatile uint32_t *)0x100000;
  enum { PASS = 0x5555, FAIL = 0x3333 };
  for (;;)
    *device = status == 0 ? PASS : (uint32_t)status << 16 | FAIL;
}

__attribute__((used, aligned(4))) void fault(void) {
  print("fault\n", 6);
  stop(1);
}

__attribute__((used)) void run(void) {
  uint32_t *to = data_start, *from = data_load;
  while (to < data_end)
    *to++ = *from++;
  for (to = bss_start; to < bss_end; ++to)
    *to = 0;
  stop(main());
}

/* Where the core starts: there is no stack yet. */
__attribute__((used, naked, section(".vectors"))) void reset(void) {
  __asm__ volatile("la sp, stack_end\n la t0, fault\n csrw mtvec, t0\n tail run");
}
