// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thread pool in the caller's memory, for products that may use pthread.
#pragma once

#include "../edgelm.h"

/// See edgelm_pool_bytes, edgelm_pool_start and edgelm_pool_stop.
size_t edgelm_rt_pool_bytes(uint32_t threads);
edgelm_status edgelm_rt_pool_start(void *memory, size_t bytes, uint32_t threads, edgelm_options *options);
void edgelm_rt_pool_stop(edgelm_options *options);
