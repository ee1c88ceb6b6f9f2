/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The part of ONNX Runtime's C API that the benchmark and the random tests call, since the npm package has the library without headers.
 *
 * OrtApi is a struct of function pointers that only ever grows at its end, so that a slot's number is its ABI;
 * all that are used here belong to version 1. Slots that are not called are padding.
 */
#pragma once
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;

enum {
  ORT_LOG_ERROR = 3,
  ORT_LOG_FATAL = 4,
  ORT_DISABLE_ALL = 0,
  ORT_OPTIMIZE_ALL = 99,
  ORT_ARENA_ALLOCATOR = 1,
  ORT_MEMORY_DEFAULT = 0
};
enum { ORT_FLOAT = 1, ORT_INT64 = 7 };

struct ort_api {
  void *slots0_1[2];
  const char *(*GetErrorMessage)(const OrtStatus *); /* 2 */
  OrtStatus *(*CreateEnv)(int level, const char *id, OrtEnv **);
  void *slots4_6[3];
  OrtStatus *(*CreateSession)(const OrtEnv *, const char *path, const OrtSessionOptions *, OrtSession **); /* 7 */
  OrtStatus *(*CreateSessionFromArray)(const OrtEnv *, const void *model, size_t bytes, const OrtSessionOptions *,
                                       OrtSession **);
  OrtStatus *(*Run)(OrtSession *, const OrtRunOptions *, const char *const *input_names, const OrtValue *const *inputs,
                    size_t input_count, const char *const *output_names, size_t output_count, OrtValue **outputs);
  OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **); /* 10 */
  void *slots11_22[12];
  OrtStatus *(*SetSessionGraphOptimizationLevel)(OrtSessionOptions *, int level); /* 23 */
  OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions *, int);
  OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions *, int);
  void *slots26_29[4];
  OrtStatus *(*SessionGetInputCount)(const OrtSession *, size_t *); /* 30 */
  OrtStatus *(*SessionGetOutputCount)(const OrtSession *, size_t *);
  void *slots32_35[4];
  OrtStatus *(*SessionGetInputName)(const OrtSession *, size_t, OrtAllocator *, char **); /* 36 */
  OrtStatus *(*SessionGetOutputName)(const OrtSession *, size_t, OrtAllocator *, char **);
  void *slots38_48[11];
  OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *, void *data, size_t bytes, const int64_t *shape,
                                               size_t rank, int type, OrtValue **); /* 49 */
  void *slot50;
  OrtStatus *(*GetTensorMutableData)(OrtValue *, void **); /* 51 */
  void *slots52_60[9];
  OrtStatus *(*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *, size_t *); /* 61 */
  OrtStatus *(*GetDimensions)(const OrtTensorTypeAndShapeInfo *, int64_t *sizes, size_t count);
  void *slots63_64[2];
  OrtStatus *(*GetTensorTypeAndShape)(const OrtValue *, OrtTensorTypeAndShapeInfo **); /* 65 */
  void *slots66_68[3];
  OrtStatus *(*CreateCpuMemoryInfo)(int allocator, int type, OrtMemoryInfo **); /* 69 */
  void *slots70_77[8];
  OrtStatus *(*GetAllocatorWithDefaultOptions)(OrtAllocator **); /* 78 */
  void *slots79_95[17];
  void (*ReleaseValue)(OrtValue *); /* 96 */
};
static_assert(offsetof(struct ort_api, ReleaseValue) == 96 * sizeof(void *), "a slot is missing");

struct ort_api_base {
  const struct ort_api *(*GetApi)(uint32_t version);
  const char *(*GetVersionString)(void);
};
