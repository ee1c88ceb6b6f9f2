// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of a compiled tokenizer: what the compiler writes and the runtime reads (docs/tokenizer.md).
//
// Little-endian and position independent. The blob starts with the header, u32 fields in the order of
// EDGELM_TOKENIZER_HEADER, then one {offset, bytes} pair of u32 for each section in the order of
// EDGELM_TOKENIZER_SECTIONS. Offsets count from the start of the blob and are multiples of 4, as must be the
// address of the blob itself. "ref" is u16 or u32, as the field refBytes says.
#pragma once

#define EDGELM_TOKENIZER_MAGIC 0x4b544c45u /* "ELTK" */
#define EDGELM_TOKENIZER_VERSION 1u

#define EDGELM_TOKENIZER_HEADER(X)                                                                                     \
  X(magic)                                                                                                             \
  X(version)                                                                                                           \
  X(totalBytes)                                                                                                        \
  X(vocabSize)     /* greatest id + 1 */                                                                               \
  X(flags)         /* EDGELM_TOKENIZER_HAS_* */                                                                        \
  X(refBytes)      /* 2 or 4: width of ids, ranks and slots in the sections that say "ref" */                          \
  X(inertClasses)  /* mask of the character classes that NFC leaves alone in any context */                            \
  X(spaceClasses)  /* mask of the classes that are \s */                                                               \
  X(wordClasses)   /* mask of the classes that are \w */                                                               \
  X(maxAddedBytes) /* length of the longest added token that is matched in normalized text */

#define EDGELM_TOKENIZER_SECTIONS(X)                                                                                   \
  X(byteIds)    /* u32[256]: the id that each byte starts as, or EDGELM_TOKENIZER_NO_ID: the byte is dropped */        \
  X(merges)     /* ref[merges][3]: left id, right id, merged id; the index is the rank */                              \
  X(mergeSlots) /* ref[2^k]: hash of (left, right) -> rank + 1, 0 is empty */                                          \
  X(wordSlots)  /* ref[2^k]: hash of a whole word's bytes -> id + 1, 0 is empty */                                     \
  X(pieceEnds)  /* u32[vocabSize + 1]: the bytes of id i are [ends[i], ends[i + 1]) of the next section */             \
  X(pieceBytes)                                                                                                        \
  X(specialIds)   /* u32[]: ids of special tokens, ascending */                                                        \
  X(prefixIds)    /* u32[]: what the post-processor puts before the text */                                            \
  X(suffixIds)    /* u32[]: ... and after it */                                                                        \
  X(rawFirst)     /* u8[256]: first byte of an added token that is matched in raw text -> bucket + 1 or 0 */           \
  X(normalFirst)  /* u8[256]: the same for added tokens that are matched in normalized text */                         \
  X(addedBuckets) /* u32[][3]: first row, rows, bytes that all rows of the bucket share */                             \
  X(addedRows)    /* u32[][4]: offset in addedBytes, bytes, id, EDGELM_TOKENIZER_ADDED_*; longest first */             \
  X(addedBytes)                                                                                                        \
  X(levels)         /* u32[][3]: first alternative, alternatives, EDGELM_TOKENIZER_KEEP_* */                           \
  X(alternatives)   /* u32[][3]: first item, items, mask of the classes it can start with */                           \
  X(items)          /* u32[][4]: mask of classes, least count, greatest count, EDGELM_TOKENIZER_ITEM_* */              \
  X(asciiClasses)   /* u8[128] */                                                                                      \
  X(classRanges)    /* u32[]: (first code point << 8) | class, ascending, from U+0080 on */                            \
  X(decompositions) /* u32[][3]: code point, first in decomposed, count; ascending */                                  \
  X(decomposed)     /* u32[]: full canonical decompositions */                                                         \
  X(combining)      /* u32[][2]: (first code point << 8) | canonical combining class, last code point; ascending */    \
  X(compositions)   /* u32[][3]: first, second, composite; ascending by (first, second) */

enum {
  EDGELM_TOKENIZER_HAS_NFC = 1,
  EDGELM_TOKENIZER_HAS_PREFIX_SPACE = 2, /* a text that does not start with a space gets one */

  EDGELM_TOKENIZER_ADDED_SPECIAL = 1,
  EDGELM_TOKENIZER_ADDED_LSTRIP = 2, /* takes white space before it */
  EDGELM_TOKENIZER_ADDED_RSTRIP = 4, /* takes white space after it */
  EDGELM_TOKENIZER_ADDED_WORD = 8,   /* only where no word character touches it */

  EDGELM_TOKENIZER_KEEP_MATCHES = 1,
  EDGELM_TOKENIZER_KEEP_GAPS = 2,

  EDGELM_TOKENIZER_ITEM_POSSESSIVE = 1, /* never gives characters back */
  EDGELM_TOKENIZER_ITEM_NOT_AHEAD = 2,  /* no character of the mask may follow; consumes nothing */
  EDGELM_TOKENIZER_ITEM_AHEAD = 4,      /* a character of the mask must follow; consumes nothing */

  EDGELM_TOKENIZER_MAX_CLASSES = 32,
  EDGELM_TOKENIZER_MAX_LEVELS = 6,
  EDGELM_TOKENIZER_MAX_ITEMS = 12 /* of one alternative */
};

#define EDGELM_TOKENIZER_NO_ID 0xffffffffu
#define EDGELM_TOKENIZER_NO_LIMIT 0xffffffffu

/* Hash of a merge; the slot is the upper bits. Both sides must agree, hence here. */
#define EDGELM_TOKENIZER_HASH_PAIR(left, right) ((((left) * 0x9e3779b1u) ^ ((right) * 0x85ebca6bu)) * 0xc2b2ae35u)
/* One step of the hash of a word; starts with EDGELM_TOKENIZER_HASH_SEED. */
#define EDGELM_TOKENIZER_HASH_SEED 0x811c9dc5u
#define EDGELM_TOKENIZER_HASH_BYTE(hash, byte) (((hash) ^ (byte)) * 0x01000193u)
#define EDGELM_TOKENIZER_HASH_WORD_END(hash) (((hash) ^ ((hash) >> 15)) * 0x9e3779b1u)
