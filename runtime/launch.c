// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What generated code calls: a kernel over all its work items, and the poll between layers.
#include "session.h"

// A launch as the threads see it.
typedef struct {
  edgelm_task task;
  void *const *buffers;
  int32_t pos;
  int32_t n;
  int32_t items;
  uint32_t parts;
} launch;

// The first work item of a part; parts differ by at most one item.
static int32_t part_begin(const launch *l, uint32_t part) {
  uint32_t each = (uint32_t)l->items / l->parts, more = (uint32_t)l->items % l->parts;
  return (int32_t)(part * each + (part < more ? part : more));
}

static void run_part(void *args, uint32_t part) {
  const launch *l = args;
  l->task(l->buffers, l->pos, l->n, part_begin(l, part), part_begin(l, part + 1));
}

void edgelm_rt_launch(edgelm_context *context, edgelm_task task, void *const *buffers, int32_t pos, int32_t n,
                      int32_t items) {
  uint32_t parts = context->options.threads;
  if (items < (int64_t)parts)
    parts = items > 0 ? (uint32_t)items : 0;
  if (parts <= 1) {
    task(buffers, pos, n, 0, items);
    return;
  }
  launch l = {task, buffers, pos, n, items, parts};
  context->options.parallel_for(context->options.parallel_user, run_part, &l, parts);
}

int32_t edgelm_rt_poll(edgelm_context *context) {
  return context->options.poll ? context->options.poll(context->options.user) : EDGELM_OK;
}
