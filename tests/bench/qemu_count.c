/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * A plugin for qemu-aarch64 (-plugin FILE,out=PATH) that counts the guest's instructions by the function they
 * belong to, and among them the vector multiply-adds. At the end it writes a line for each function:
 * instructions, multiply-adds, name; "-" stands for code without one. Threads count without locks: the
 * guest must have one.
 */

/* The part of version 1 of QEMU's plugin interface (docs/devel/tcg-plugins.rst) that is used here. */

#define EXPORTED __attribute__((visibility("default")))

struct qemu_info;
struct tb;
struct insn;

enum {
    INLINE_ADD_U64,
};

extern int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
                               char **argv);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
                                                  void (*translated)(uint64_t, struct tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *tb, int op, void *counter,
                                                     uint64_t add);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*ended)(uint64_t, void *),
                                           void *user);
extern size_t qemu_plugin_tb_n_insns(const struct tb *tb);
extern struct insn *qemu_plugin_tb_get_insn(const struct tb *tb, size_t index);
extern const void *qemu_plugin_insn_data(const struct insn *insn);
extern const char *qemu_plugin_insn_symbol(const struct insn *insn);

EXPORTED int qemu_plugin_version = 1;

#define MAX_FUNCTIONS 8192
#define MAX_NAME      96

static struct function {
    char name[MAX_NAME];
    uint64_t n_instructions;
    uint64_t n_multiply_adds;
} functions[MAX_FUNCTIONS];

static size_t n_functions;
static const char *out_path;

/* FMLA, FMLS, SMULL, SMLAL, SDOT, UDOT, SMMLA: vectors, by vector and by element, in any precision. */
static const struct {
    uint32_t mask;
    uint32_t value;
} multiply_adds[] = {
    { 0xBFA0FC00, 0x0E20CC00 }, /* FMLA Vd.4S, Vn.4S, Vm.4S */
    { 0xBFA0FC00, 0x0EA0CC00 }, /* FMLS */
    { 0xBF80B400, 0x0F801000 }, /* FMLA, FMLS Vd.4S, Vn.4S, Vm.S[i] */
    { 0xBF60FC00, 0x0E400C00 }, /* FMLA Vd.8H, Vn.8H, Vm.8H */
    { 0xBFC0B400, 0x0F001000 }, /* FMLA, FMLS Vd.8H, Vn.8H, Vm.H[i] */
    { 0xBFE0FC00, 0x0E20C000 }, /* SMULL, SMULL2 of bytes */
    { 0xBFE0FC00, 0x0E208000 }, /* SMLAL, SMLAL2 of bytes */
    { 0x9F20FC00, 0x0E009400 }, /* SDOT, UDOT by vector */
    { 0x9F00F400, 0x0F00E000 }, /* SDOT, UDOT by element */
    { 0xDFE0FC00, 0x4E80A400 }, /* SMMLA, UMMLA */
};

static bool is_multiply_add(uint32_t code)
{
    for (size_t i = 0; i < sizeof(multiply_adds) / sizeof(*multiply_adds); i++)
        if ((code & multiply_adds[i].mask) == multiply_adds[i].value)
            return true;
    return false;
}

/* The last of the table takes what has no room. */
static struct function *find(const char *name)
{
    size_t i = 0;

    while (i < n_functions && strncmp(functions[i].name, name, MAX_NAME - 1) != 0)
        i++;
    if (i == n_functions && n_functions < MAX_FUNCTIONS - 1)
        snprintf(functions[n_functions++].name, MAX_NAME, "%s", name);
    return &functions[i];
}

static void translated(uint64_t id, struct tb *tb)
{
    const size_t n_instructions = qemu_plugin_tb_n_insns(tb);
    const char *const name = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0));
    struct function *const function = find(name && *name ? name : "-");
    uint64_t n_multiply_adds = 0;

    for (size_t i = 0; i < n_instructions; i++) {
        uint32_t code;

        memcpy(&code, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, i)), sizeof(code));
        n_multiply_adds += is_multiply_add(code);
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &function->n_instructions,
                                             n_instructions);
    if (n_multiply_adds > 0)
        qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &function->n_multiply_adds,
                                                 n_multiply_adds);
}

static void ended(uint64_t id, void *user)
{
    FILE *const file = fopen(out_path, "w");

    for (size_t i = 0; file && i < n_functions; i++)
        fprintf(file, "%" PRIu64 " %" PRIu64 " %s\n", functions[i].n_instructions,
                functions[i].n_multiply_adds, functions[i].name);
    if (file)
        fclose(file);
}

EXPORTED int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
                                 char **argv)
{
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0)
        return -1;
    out_path = strdup(argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return out_path ? 0 : -1;
}
