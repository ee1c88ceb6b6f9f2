// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Accessors that check every offset before they follow it.
#include "flatbuffer.h"

static int holds(const flatbuffer *b, size_t position, size_t bytes) {
  return position <= b->count && bytes <= b->count - position;
}

// Follows the unsigned offset that lies at `position`.
static int follow(const flatbuffer *b, size_t position, size_t *target) {
  if (!holds(b, position, 4))
    return 0;
  uint32_t offset = edgelm_rt_get32(b->bytes + position);
  if (offset == 0 || offset > b->count - position)
    return 0;
  *target = position + offset;
  return 1;
}

// Position of field `index` [bytes] of a table; 0 in `*position` when it is absent.
static int find_field(const flatbuffer *b, size_t table, uint32_t index, size_t bytes, size_t *position) {
  *position = 0;
  if (!holds(b, table, 4))
    return 0;
  // The table starts with its distance from the vtable, which may lie on either side.
  int64_t vtable = (int64_t)table - (int32_t)edgelm_rt_get32(b->bytes + table);
  if (vtable < 0 || (uint64_t)vtable > b->count || !holds(b, (size_t)vtable, 4))
    return 0;
  const uint8_t *v = b->bytes + vtable;
  size_t vtable_bytes = edgelm_rt_get16(v), table_bytes = edgelm_rt_get16(v + 2);
  if (vtable_bytes < 4 || !holds(b, (size_t)vtable, vtable_bytes) || !holds(b, table, table_bytes))
    return 0;
  size_t slot = 4 + 2 * (size_t)index;
  if (slot + 2 > vtable_bytes)
    return 1;
  size_t offset = edgelm_rt_get16(v + slot);
  if (offset == 0)
    return 1;
  if (offset < 4 || offset + bytes > table_bytes)
    return 0;
  *position = table + offset;
  return 1;
}

int edgelm_rt_fb_root(const flatbuffer *b, const char *identifier, size_t *table) {
  if (!holds(b, 4, 4))
    return 0;
  for (int i = 0; i < 4; ++i)
    if (b->bytes[4 + i] != (uint8_t)identifier[i])
      return 0;
  return follow(b, 0, table);
}

int edgelm_rt_fb_u32(const flatbuffer *b, size_t table, uint32_t index, uint32_t *value) {
  size_t position;
  if (!find_field(b, table, index, 4, &position))
    return 0;
  *value = position ? edgelm_rt_get32(b->bytes + position) : 0;
  return 1;
}

int edgelm_rt_fb_u64(const flatbuffer *b, size_t table, uint32_t index, uint64_t *value) {
  size_t position;
  if (!find_field(b, table, index, 8, &position))
    return 0;
  const uint8_t *at = b->bytes + position;
  *value = position ? edgelm_rt_get32(at) | (uint64_t)edgelm_rt_get32(at + 4) << 32 : 0;
  return 1;
}

int edgelm_rt_fb_vector(const flatbuffer *b, size_t table, uint32_t index, size_t element_bytes,
                        flatbuffer_vector *vector) {
  size_t position;
  *vector = (flatbuffer_vector){0, 0, 0};
  if (!find_field(b, table, index, 4, &position))
    return 0;
  if (!position)
    return 1;
  size_t at;
  if (!follow(b, position, &at) || !holds(b, at, 4))
    return 0;
  size_t count = edgelm_rt_get32(b->bytes + at);
  if (count > (b->count - at - 4) / element_bytes)
    return 0;
  *vector = (flatbuffer_vector){at + 4, count, 1};
  return 1;
}

int edgelm_rt_fb_table_at(const flatbuffer *b, const flatbuffer_vector *vector, size_t index, size_t *table) {
  return index < vector->count && follow(b, vector->position + 4 * index, table);
}
