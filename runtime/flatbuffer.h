// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bounds-checked reading of FlatBuffers that nobody vouches for. Positions are bytes from the buffer's start.
//
// Source: https://flatbuffers.dev/internals. Everything is little-endian, as are all targets; nothing is assumed to
// be aligned.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const uint8_t *bytes; // [count]
  size_t count;
} flatbuffer;

/// Elements of a vector; count 0 when the field is absent.
typedef struct {
  size_t position; // of the first element
  size_t count;
  int present;
} flatbuffer_vector;

// Each returns 0 when the buffer does not hold what it says.

/// The position of the root table of a buffer with the file identifier `identifier` [4].
int edgelm_rt_fb_root(const flatbuffer *buffer, const char *identifier, size_t *table);
/// Scalar field `index` of 4 or 8 bytes; 0 when absent.
int edgelm_rt_fb_u32(const flatbuffer *buffer, size_t table, uint32_t index, uint32_t *value);
int edgelm_rt_fb_u64(const flatbuffer *buffer, size_t table, uint32_t index, uint64_t *value);
/// Vector field `index` of elements of `element_bytes`.
int edgelm_rt_fb_vector(const flatbuffer *buffer, size_t table, uint32_t index, size_t element_bytes,
                        flatbuffer_vector *vector);
/// Table `index`, below the count, of a vector of tables (element_bytes 4).
int edgelm_rt_fb_table_at(const flatbuffer *buffer, const flatbuffer_vector *vector, size_t index, size_t *table);

static inline uint16_t edgelm_rt_get16(const uint8_t *p) {
  return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t edgelm_rt_get32(const uint8_t *p) {
  return edgelm_rt_get16(p) | (uint32_t)edgelm_rt_get16(p + 2) << 16;
}
