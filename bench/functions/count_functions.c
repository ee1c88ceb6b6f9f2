// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plugin for qemu's code generator that counts the executed instructions of each function between the marks of
// tools/Product/Guest/guest.h, on Thumb machines.
//
// Arguments: symbols=FILE, lines of llvm-nm -n; out=FILE, which gets for every pair of marks a line "region" and one line
// for each function, its count and name. What is used of qemu's plugin interface is declared here, as in
// tools/Product/Guest/count.c.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { CALLBACK_USES_NO_REGISTERS = 0, MOST_SYMBOLS = 16384 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

static struct symbol {
  uint64_t address, count;
  char name[160];
} symbols[MOST_SYMBOLS];
static int symbolCount;
static FILE *out;
static bool isCounting;

static void begin(unsigned cpu, void *user) {
  (void)cpu, (void)user;
  isCounting = true;
  for (int i = 0; i < symbolCount; ++i)
    symbols[i].count = 0;
}

static void end(unsigned cpu, void *user) {
  (void)cpu, (void)user;
  if (!isCounting)
    return;
  isCounting = false;
  fputs("region\n", out);
  for (int i = 0; i < symbolCount; ++i)
    if (symbols[i].count)
      fprintf(out, "%llu %s\n", (unsigned long long)symbols[i].count, symbols[i].name);
  fflush(out);
}

static void count(unsigned cpu, void *user) {
  (void)cpu;
  if (isCounting)
    ++((struct symbol *)user)->count;
}

/// The last symbol that is not behind the address; what lies before all of them counts as the first.
static struct symbol *functionAt(uint64_t address) {
  int first = 0, last = symbolCount - 1;
  while (first < last) {
    const int middle = (first + last + 1) / 2;
    if (symbols[middle].address <= address)
      first = middle;
    else
      last = middle - 1;
  }
  return &symbols[first];
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    const bool isShort = qemu_plugin_insn_size(instruction) == 2;
    const void *bytes = qemu_plugin_insn_data(instruction);
    void (*const call)(unsigned, void *) = isShort && memcmp(bytes, "\xd2\x46", 2) == 0   ? begin
                                           : isShort && memcmp(bytes, "\xdb\x46", 2) == 0 ? end
                                                                                          : count;
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, call, CALLBACK_USES_NO_REGISTERS,
                                           functionAt(qemu_plugin_insn_vaddr(instruction)));
  }
}

static void readSymbols(const char *path) {
  FILE *file = fopen(path, "r");
  char line[512], kind;
  unsigned long long address;
  while (file && symbolCount < MOST_SYMBOLS && fgets(line, sizeof line, file)) {
    struct symbol *symbol = &symbols[symbolCount];
    if (sscanf(line, "%llx %c %159s", &address, &kind, symbol->name) == 3 && strchr("tTwW", kind)) {
      symbol->address = address & ~1ull;
      ++symbolCount;
    }
  }
  if (file)
    fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    if (strncmp(argv[i], "symbols=", 8) == 0)
      readSymbols(argv[i] + 8);
    if (strncmp(argv[i], "out=", 4) == 0)
      out = fopen(argv[i] + 4, "w");
  }
  if (!out || symbolCount == 0)
    return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
