// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of a compiled tokenizer: what the compiler writes and the runtime reads (docs/tokenizer.md).
//
// Little-endian and position independent. The blob starts with the header, u32 fields in the order of
// EDGELM_TOKENIZER_HEADER, then one {offset, bytes} pair of u32 for each section in the order of
// EDGELM_TOKENIZER_SECTIONS. Offsets count from the start of the blob and are multiples of 4, as must be the
// address of the blob itself. "ref" is u16 or u32, as the field refBytes says.
#pragma once

#define EDGELM_TOKENIZER_MAGIC 0x4b544c45u /* "ELTK" */
#define EDGELM_TOKENIZER_VERSION 4u

#define EDGELM_TOKENIZER_HEADER(X)                                                                                     \
  X(magic)                                                                                                             \
  X(version)                                                                                                           \
  X(totalBytes)                                                                                                        \
  X(vocabSize)     /* greatest id + 1 */                                                                               \
  X(flags)         /* EDGELM_TOKENIZER_HAS_* */                                                                        \
  X(normalizer)    /* index in EDGELM_TOKENIZER_NORMALIZERS */                                                         \
  X(model)         /* index in EDGELM_TOKENIZER_MODELS */                                                              \
  X(refBytes)      /* 2 or 4: width of ids, ranks and slots in the sections that say "ref" */                          \
  X(inertClasses)  /* mask of the character classes that normalization leaves alone in any context */                  \
  X(dropClasses)   /* MAP: mask of the classes that it removes */                                                      \
  X(blankClasses)  /* MAP: ... that become a space */                                                                  \
  X(spacedClasses) /* MAP: ... that get a space on both sides */                                                       \
  X(spaceClasses)  /* mask of the classes that are \s */                                                               \
  X(wordClasses)   /* mask of the classes that are \w */                                                               \
  X(maxAddedBytes) /* length of the longest added token that is matched in normalized text */                          \
  X(unknownId)     /* what a text without pieces becomes, or EDGELM_TOKENIZER_NO_ID */                                 \
  X(maxWordChars)  /* WORDPIECE: longer words are unknown */                                                           \
  X(maxPieceBytes) /* UNIGRAM: length of the longest piece, at most 255 */                                             \
  X(scoreBytes)    /* UNIGRAM: 4 or 8, width of the floats in scores */                                                \
  X(unknownScore)  /* UNIGRAM: index in scores of that of a character without a piece */

#define EDGELM_TOKENIZER_SECTIONS(X)                                                                                   \
  X(byteIds)    /* u32[256] or empty: the id that each byte starts as or falls back to, or NO_ID: none */              \
  X(merges)     /* ref[merges][3]: left id, right id, merged id; the index is the rank */                              \
  X(mergeSlots) /* ref[2^k]: hash of (left, right) -> rank + 1, 0 is empty */                                          \
  X(wordSlots)  /* ref[2^k]: hash of a whole word's bytes -> id + 1, 0 is empty */                                     \
  X(pieces)     /* ref[]: ids that a model looks up by their bytes, ascending by these */                              \
  X(scores)     /* f32 or f64[]: of each id, then the one of unknown characters */                                     \
  X(pieceEnds)  /* u32[vocabSize + 2 forms + 1]: the bytes of id i are [ends[i], ends[i + 1]) of the next section */   \
  X(pieceBytes)                                                                                                        \
  X(formIds)         /* u32[forms]: ids that are decoded as entries vocabSize + 2 i and, first, + 1; ascending */      \
  X(continuing)      /* what the pieces inside a word start with, such as "##" */                                      \
  X(prefix)          /* what HAS_PREFIX_* puts before a text: " " or U+2581 */                                         \
  X(specialIds)      /* u32[]: ids of special tokens, ascending */                                                     \
  X(prefixIds)       /* u32[]: what the post-processor puts before the text */                                         \
  X(suffixIds)       /* u32[]: ... and after it */                                                                     \
  X(secondPrefixIds) /* u32[]: ... before the second text of a pair, which follows all of the first */                 \
  X(secondSuffixIds) /* u32[]: ... and after it */                                                                     \
  X(rawFirst)        /* u8[256]: first byte of an added token that is matched in raw text -> bucket + 1 or 0 */        \
  X(normalFirst)     /* u8[256]: the same for added tokens that are matched in normalized text */                      \
  X(addedBuckets)    /* u32[][3]: first row, rows, bytes that all rows of the bucket share */                          \
  X(addedRows)       /* u32[][4]: offset in addedBytes, bytes, id, EDGELM_TOKENIZER_ADDED_*; longest first */          \
  X(addedBytes)                                                                                                        \
  X(levels)         /* u32[][3]: first alternative, alternatives, EDGELM_TOKENIZER_KEEP_* */                           \
  X(alternatives)   /* u32[][3]: first item, items, mask of the classes it can start with */                           \
  X(items)          /* u32[][4]: mask of classes, least count, greatest count, EDGELM_TOKENIZER_ITEM_* */              \
  X(asciiClasses)   /* u8[128] */                                                                                      \
  X(classRanges)    /* u32[]: (first code point << 8) | class, ascending, from U+0080 on */                            \
  X(decompositions) /* u32[][3]: code point, first in decomposed, count; ascending */                                  \
  X(decomposed)     /* u32[]: full canonical decompositions; MAP: what characters become */                            \
  X(combining)      /* u32[][2]: (first code point << 8) | canonical combining class, last code point; ascending */    \
  X(compositions)   /* u32[][3]: first, second, composite; ascending by (first, second) */                             \
  X(charTrie)       /* u32[]: PRECOMPILED: double array of SentencePiece's charsmap */                                 \
  X(charTexts)      /* what its values point to, each ended by NUL */                                                  \
  X(graphemes)      /* u32[EDGELM_TOKENIZER_GRAPHEME_KINDS]: PRECOMPILED: mask of classes of each kind */

/* The kinds of normalizer and of model, and the functions that do them. A product carries those that it uses. */
#define EDGELM_TOKENIZER_NORMALIZERS(X)                                                                                \
  X(COMPOSE, edgelm_tok_compose)         /* normalization form C */                                                    \
  X(MAP, edgelm_tok_map)                 /* character by character */                                                  \
  X(PRECOMPILED, edgelm_tok_precompiled) /* SentencePiece's charsmap */
#define EDGELM_TOKENIZER_MODELS(X)                                                                                     \
  X(BYTES, edgelm_tok_merge_bytes)           /* byte-pair encoding of bytes */                                         \
  X(CHARACTERS, edgelm_tok_merge_characters) /* ... of characters, with or without a fallback to bytes */              \
  X(WORDPIECE, edgelm_tok_wordpiece)                                                                                   \
  X(UNIGRAM, edgelm_tok_unigram)

enum {
#define EDGELM_KIND(name, function) EDGELM_TOKENIZER_NORMALIZE_##name,
  EDGELM_TOKENIZER_NORMALIZERS(EDGELM_KIND) EDGELM_TOKENIZER_NORMALIZER_KINDS
#undef EDGELM_KIND
};

enum {
#define EDGELM_KIND(name, function) EDGELM_TOKENIZER_MODEL_##name,
  EDGELM_TOKENIZER_MODELS(EDGELM_KIND) EDGELM_TOKENIZER_MODEL_KINDS
#undef EDGELM_KIND
};

enum {
  EDGELM_TOKENIZER_HAS_NORMALIZER = 1,
  EDGELM_TOKENIZER_HAS_PREFIX_SEGMENT = 2,  /* text between added tokens that does not start with the prefix gets it */
  EDGELM_TOKENIZER_HAS_PREFIX_FIRST = 4,    /* the same, but only at the start of the whole text */
  EDGELM_TOKENIZER_HAS_PREFIX_SECTION = 8,  /* normalized text between added tokens of raw text always gets it */
  EDGELM_TOKENIZER_HAS_FUSED_UNKNOWN = 16,  /* neighbours without a piece become one unknown token */
  EDGELM_TOKENIZER_HAS_HANGUL = 32,         /* MAP decomposes Hangul syllables */
  EDGELM_TOKENIZER_HAS_SPACE_FOR_META = 64, /* PRECOMPILED: U+2581 becomes a space */
  EDGELM_TOKENIZER_DECODE_WORDS = 128,      /* a space before pieces, but not before "continuing", which is cut off */
  EDGELM_TOKENIZER_DECODE_META = 256,       /* U+2581 stands for a space */
  EDGELM_TOKENIZER_DECODE_DROP_SPACE = 512, /* the first piece loses a space at its start */
  EDGELM_TOKENIZER_HAS_PAIRS = 1024,        /* the template of two texts is that of one and the second */

  EDGELM_TOKENIZER_ADDED_SPECIAL = 1,
  EDGELM_TOKENIZER_ADDED_LSTRIP = 2, /* takes white space before it */
  EDGELM_TOKENIZER_ADDED_RSTRIP = 4, /* takes white space after it */
  EDGELM_TOKENIZER_ADDED_WORD = 8,   /* only where no word character touches it */

  EDGELM_TOKENIZER_KEEP_MATCHES = 1,
  EDGELM_TOKENIZER_KEEP_GAPS = 2,
  EDGELM_TOKENIZER_LEVEL_PREFIX = 4, /* what the level is given gets the prefix unless it starts with it */
  EDGELM_TOKENIZER_LEVEL_BYTES = 8,  /* its characters are the stand-ins of single bytes */

  EDGELM_TOKENIZER_ITEM_POSSESSIVE = 1, /* never gives characters back */
  EDGELM_TOKENIZER_ITEM_NOT_AHEAD = 2,  /* no character of the mask may follow; consumes nothing */
  EDGELM_TOKENIZER_ITEM_AHEAD = 4,      /* a character of the mask must follow; consumes nothing */

  EDGELM_TOKENIZER_MAX_CLASSES = 32,
  EDGELM_TOKENIZER_MAX_LEVELS = 6,
  EDGELM_TOKENIZER_MAX_ITEMS = 12, /* of one alternative */
  EDGELM_TOKENIZER_MAX_MAPPED = 8, /* characters that one becomes, in MAP */

  /* Properties of characters that grapheme clusters depend on (Unicode Standard Annex 29). */
  EDGELM_TOKENIZER_GRAPHEME_CR = 0,
  EDGELM_TOKENIZER_GRAPHEME_LF,
  EDGELM_TOKENIZER_GRAPHEME_CONTROL,
  EDGELM_TOKENIZER_GRAPHEME_EXTEND,
  EDGELM_TOKENIZER_GRAPHEME_ZWJ,
  EDGELM_TOKENIZER_GRAPHEME_REGIONAL,
  EDGELM_TOKENIZER_GRAPHEME_PREPEND,
  EDGELM_TOKENIZER_GRAPHEME_SPACING,
  EDGELM_TOKENIZER_GRAPHEME_L,
  EDGELM_TOKENIZER_GRAPHEME_V,
  EDGELM_TOKENIZER_GRAPHEME_T,
  EDGELM_TOKENIZER_GRAPHEME_LV,
  EDGELM_TOKENIZER_GRAPHEME_LVT,
  EDGELM_TOKENIZER_GRAPHEME_PICTOGRAPH,
  EDGELM_TOKENIZER_GRAPHEME_CONSONANT, /* Indic_Conjunct_Break */
  EDGELM_TOKENIZER_GRAPHEME_LINKER,
  EDGELM_TOKENIZER_GRAPHEME_JOINED, /* Extend of Indic_Conjunct_Break */
  EDGELM_TOKENIZER_GRAPHEME_KINDS
};

#define EDGELM_TOKENIZER_META 0x2581u /* SentencePiece's spelling of a space */

#define EDGELM_TOKENIZER_NO_ID 0xffffffffu
#define EDGELM_TOKENIZER_NO_LIMIT 0xffffffffu

/* Hash of a merge; the slot is the upper bits. Both sides must agree, hence here. */
#define EDGELM_TOKENIZER_HASH_PAIR(left, right) ((((left) * 0x9e3779b1u) ^ ((right) * 0x85ebca6bu)) * 0xc2b2ae35u)
/* One step of the hash of a word; starts with EDGELM_TOKENIZER_HASH_SEED. */
#define EDGELM_TOKENIZER_HASH_SEED 0x811c9dc5u
#define EDGELM_TOKENIZER_HASH_BYTE(hash, byte) (((hash) ^ (byte)) * 0x01000193u)
#define EDGELM_TOKENIZER_HASH_WORD_END(hash) (((hash) ^ ((hash) >> 15)) * 0x9e3779b1u)
