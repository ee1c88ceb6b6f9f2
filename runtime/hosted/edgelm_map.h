// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps the weight file of a model that was compiled with --weights file; for systems with mmap. No part of the library:
// the functions are inline, and a program may bring the bytes into memory in any other way.
#ifndef EDGELM_MAP_H
#define EDGELM_MAP_H
#include "edgelm.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __cplusplus
extern "C" {
#endif

/// Maps `path` and fills in weights and weight_bytes of `*options`; edgelm_open checks what is in the file. The mapping
/// must outlive every session that is opened with these options and is ended by edgelm_unmap_weights.
/// Returns 0, or -1 with the reason in errno.
static inline int edgelm_map_weights(const char *path, edgelm_options *options) {
  struct stat status;
  void *bytes = MAP_FAILED;
  int file = open(path, O_RDONLY);
  if (file < 0)
    return -1;
  if (!fstat(file, &status))
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED)
    return -1;
#ifdef MADV_HUGEPAGE
  (void)madvise(bytes, (size_t)status.st_size, MADV_HUGEPAGE); /* only a wish */
#endif
  options->weights = bytes;
  options->weight_bytes = (size_t)status.st_size;
  return 0;
}

/// Ends the mapping, if there is one, and clears the two members.
static inline void edgelm_unmap_weights(edgelm_options *options) {
  if (options->weights)
    munmap((void *)(uintptr_t)options->weights, options->weight_bytes);
  options->weights = NULL;
  options->weight_bytes = 0;
}

#ifdef __cplusplus
}
#endif
#endif // EDGELM_MAP_H
