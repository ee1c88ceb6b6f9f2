// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plugin for qemu's code generator that counts executed instructions between the marks of guest.h.
//
// Debian ships no qemu-plugin.h: what is used of version 1 of its interface (docs/devel/tcg-plugins.rst) is declared
// here. Argument: out=FILE, which gets one line with a number for every pair of marks that was passed.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { CALLBACK_USES_NO_REGISTERS = 0, INLINE_ADD_U64 = 0 };

/// The beginning of qemu_info_t.
struct qemu_info {
  const char *target_name;
};

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

/// The bytes of the two marks.
struct marks {
  const char *architecture; // how qemu's name of the target begins
  const char *begin, *end;
  size_t beginBytes, endBytes;
};
static const struct marks allMarks[] = {
    {"aarch64", "\x4a\x01\x0a\xaa", "\x6b\x01\x0b\xaa", 4, 4}, {"riscv", "\x13\x20\x10\x00", "\x13\x20\x20\x00", 4, 4},
    {"x86_64", "\x66\x87\xdb", "\x66\x45\x87\xd2", 3, 4},      {"arm", "\xd2\x46", "\xdb\x46", 2, 2}, // Thumb
    {"arm", "\x0a\xa0\xa0\xe1", "\x0b\xb0\xa0\xe1", 4, 4},                                            // Arm
};
enum { MARKS = sizeof(allMarks) / sizeof(*allMarks) };

static const char *target;
static FILE *out;
static uint64_t executed, atBegin;
static bool isCounting;

static void begin(unsigned cpu, void *user) {
  (void)cpu, (void)user;
  atBegin = executed;
  isCounting = true;
}

/// Of the two marks one is between the two readings, whether qemu adds before or after it calls.
static void end(unsigned cpu, void *user) {
  (void)cpu, (void)user;
  if (isCounting)
    fprintf(out, "%llu\n", (unsigned long long)(executed - atBegin - 1));
  fflush(out);
  isCounting = false;
}

static bool isMark(const struct qemu_plugin_insn *instruction, const char *mark, size_t bytes) {
  return qemu_plugin_insn_size(instruction) == bytes && !memcmp(qemu_plugin_insn_data(instruction), mark, bytes);
}

static void onTranslate(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, INLINE_ADD_U64, &executed, 1);
    for (const struct marks *marks = allMarks; marks != allMarks + MARKS; ++marks) {
      if (strncmp(target, marks->architecture, strlen(marks->architecture)))
        continue;
      if (isMark(instruction, marks->begin, marks->beginBytes))
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, begin, CALLBACK_USES_NO_REGISTERS, NULL);
      if (isMark(instruction, marks->end, marks->endBytes))
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, end, CALLBACK_USES_NO_REGISTERS, NULL);
    }
  }
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int count, char **arguments) {
  target = info->target_name;
  for (int i = 0; i < count; ++i)
    if (!strncmp(arguments[i], "out=", 4))
      out = fopen(arguments[i] + 4, "w");
  if (!out)
    return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, onTranslate);
  return 0;
}
