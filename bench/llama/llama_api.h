/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The part of llama.cpp's C interface that the benchmark calls. Its structs go by value and change between versions:
 * these are those of LLAMA_VERSION, and another version is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LLAMA_VERSION "0.5.0-dev"

struct llama_model;
struct llama_context;
struct llama_vocab;
struct llama_memory;

struct llama_batch {
  int32_t n_tokens;
  int32_t *token;
  float *embd;
  int32_t *pos;
  int32_t *n_seq_id;
  int32_t **seq_id;
  int8_t *logits;
};

struct llama_model_params {
  void *devices, *tensor_buft_overrides;
  int32_t n_gpu_layers, split_mode, load_mode, lazy_mode, main_gpu;
  const float *tensor_split;
  void *progress_callback, *progress_callback_user_data, *kv_overrides;
  bool vocab_only, check_tensors, use_extra_bufts, no_host, no_alloc, load_mtp;
};

struct llama_context_params {
  uint32_t n_ctx, n_batch, n_ubatch, n_seq_max, n_rs_seq, n_outputs_max, n_outputs_max_per_seq;
  int32_t n_threads, n_threads_batch;
  int32_t ctx_type, rope_scaling_type, pooling_type, attention_type, flash_attn_type;
  float rope_freq_base, rope_freq_scale, yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
  uint32_t yarn_orig_ctx;
  float defrag_thold;
  void *cb_eval, *cb_eval_user_data;
  int32_t type_k, type_v;
  void *abort_callback, *abort_callback_data;
  bool embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
  void *samplers;
  size_t n_samplers;
  void *ctx_other;
};

struct ggml_threadpool_params {
  bool cpumask[512];
  int n_threads, prio;
  uint32_t poll;
  bool strict_cpu, paused;
};

/* name, result, parameters */
#define LLAMA_FUNCTIONS(F)                                                                                             \
  F(llama_version, const char *, (void))                                                                               \
  F(llama_log_set, void, (void (*)(int, const char *, void *), void *))                                                \
  F(llama_backend_init, void, (void))                                                                                  \
  F(llama_model_default_params, struct llama_model_params, (void))                                                     \
  F(llama_context_default_params, struct llama_context_params, (void))                                                 \
  F(llama_model_load_from_file, struct llama_model *, (const char *, struct llama_model_params))                       \
  F(llama_init_from_model, struct llama_context *, (struct llama_model *, struct llama_context_params))                \
  F(llama_get_model, const struct llama_model *, (const struct llama_context *))                                       \
  F(llama_model_get_vocab, const struct llama_vocab *, (const struct llama_model *))                                   \
  F(llama_vocab_n_tokens, int32_t, (const struct llama_vocab *))                                                       \
  F(llama_get_memory, struct llama_memory *, (const struct llama_context *))                                           \
  F(llama_memory_clear, void, (struct llama_memory *, bool))                                                           \
  F(llama_attach_threadpool, void, (struct llama_context *, void *, void *))                                           \
  F(llama_decode, int32_t, (struct llama_context *, struct llama_batch))                                               \
  F(llama_get_logits_ith, float *, (struct llama_context *, int32_t))                                                  \
  F(ggml_backend_load_all_from_path, void, (const char *))                                                             \
  F(ggml_backend_reg_by_name, void *, (const char *))                                                                  \
  F(ggml_backend_reg_get_proc_address, void *, (void *, const char *))                                                 \
  F(ggml_threadpool_params_default, struct ggml_threadpool_params, (int))
