// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the program around a product needs of its machine, and the marks between which instructions are counted.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A bare machine has no string.h.
void *memcpy(void *to, const void *from, size_t bytes);
size_t strlen(const char *text);

/// Memory for payloads, all that the machine has to spare; the stack may be painted `stack_bytes` below any call.
struct guest_memory {
  uint8_t *begin, *end;
  size_t stack_bytes;
};
struct guest_memory guest_memory(void);

/// Reads exactly `bytes`; 0 at the end of the input.
int guest_read(void *to, size_t bytes);
void guest_write(const void *from, size_t bytes);
_Noreturn void guest_exit(int status);

/// Answers commands until the input ends.
_Noreturn void guest_main(void);

// Instructions without an effect that no compiler makes: count.c looks for their bytes.
#if defined(__aarch64__)
#define GUEST_COUNT_BEGIN() __asm__ volatile("orr x10, x10, x10" ::: "memory")
#define GUEST_COUNT_END() __asm__ volatile("orr x11, x11, x11" ::: "memory")
#elif defined(__arm__)
#define GUEST_COUNT_BEGIN() __asm__ volatile("mov r10, r10" ::: "memory")
#define GUEST_COUNT_END() __asm__ volatile("mov r11, r11" ::: "memory")
#elif defined(__riscv)
#define GUEST_COUNT_BEGIN() __asm__ volatile("slti x0, x0, 1" ::: "memory")
#define GUEST_COUNT_END() __asm__ volatile("slti x0, x0, 2" ::: "memory")
#elif defined(__x86_64__)
#define GUEST_COUNT_BEGIN() __asm__ volatile(".byte 0x66, 0x87, 0xdb" ::: "memory")
#define GUEST_COUNT_END() __asm__ volatile(".byte 0x66, 0x45, 0x87, 0xd2" ::: "memory")
#endif
