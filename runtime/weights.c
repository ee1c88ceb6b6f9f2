// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks the head of a weight file, the FlatBuffer that lib/Codegen/Schema/Weights.fbs describes.
#include "weights.h"
#include "flatbuffer.h"

enum {
  VERSION = 1,
  HASH_BYTES = 32,
  // The head lies before the weights, which start at a page.
  PAGE = 4096,
  // Fields in the schema's order.
  WEIGHTS_VERSION = 0,
  WEIGHTS_FINGERPRINT,
  WEIGHTS_LAYOUT,
  WEIGHTS_OFFSET,
  WEIGHTS_BYTES,
};

// Whether field `index` is the hash `expected`, with `otherwise` where it is another one.
static edgelm_status check_hash(const flatbuffer *head, size_t table, uint32_t index, const uint8_t *expected,
                                edgelm_status otherwise) {
  flatbuffer_vector hash;
  if (!edgelm_rt_fb_vector(head, table, index, 1, &hash) || hash.count != HASH_BYTES)
    return EDGELM_CORRUPT_WEIGHTS;
  for (size_t i = 0; i < HASH_BYTES; ++i)
    if (head->bytes[hash.position + i] != expected[i])
      return otherwise;
  return EDGELM_OK;
}

edgelm_status edgelm_rt_find_weights(const edgelm_descriptor *model, const void *file, size_t bytes,
                                     const uint8_t **weights) {
  flatbuffer head = {file, bytes < PAGE ? bytes : PAGE};
  size_t table;
  uint32_t version;
  uint64_t offset, count;
  if (!edgelm_rt_fb_root(&head, "ELMW", &table) || !edgelm_rt_fb_u32(&head, table, WEIGHTS_VERSION, &version))
    return EDGELM_CORRUPT_WEIGHTS;
  if (version != VERSION)
    return EDGELM_WRONG_VERSION;
  edgelm_status status = check_hash(&head, table, WEIGHTS_FINGERPRINT, model->fingerprint, EDGELM_WRONG_MODEL);
  if (!status)
    status = check_hash(&head, table, WEIGHTS_LAYOUT, model->weight_layout, EDGELM_WRONG_VERSION);
  if (status)
    return status;
  if (!edgelm_rt_fb_u64(&head, table, WEIGHTS_OFFSET, &offset) ||
      !edgelm_rt_fb_u64(&head, table, WEIGHTS_BYTES, &count))
    return EDGELM_CORRUPT_WEIGHTS;
  if (offset % PAGE || offset > bytes || count != model->weight_bytes || count > bytes - offset)
    return EDGELM_CORRUPT_WEIGHTS;
  *weights = (const uint8_t *)file + (size_t)offset;
  return (uintptr_t)*weights % EDGELM_ARENA_ALIGNMENT ? EDGELM_ARENA_UNALIGNED : EDGELM_OK;
}
