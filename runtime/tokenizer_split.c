// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts a text into words: levels of patterns, each cutting the pieces of the level before it.
//
// A pattern is a list of alternatives, tried in order as a backtracking regular expression engine does; an alternative
// is a list of items, each a set of character classes with a least and a greatest count.
#include "tokenizer_internal.h"

struct item {
  uint32_t mask, least, most, flags;
};

/// A matcher over text[.., end) that notes whether a character after the end could have changed its answer.
struct matcher {
  const struct edgelm_tok *tok;
  const struct edgelm_tok_text *text;
  size_t end;
  int touchedEnd;
  int bytes; ///< the level reads the stand-ins of bytes
};

/// What a byte is spelled as by byte-level models (GPT-2's bytes_to_unicode).
static uint32_t standIn(uint8_t byte) {
  if ((byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae)
    return byte;
  return 0x100u + (byte <= 32 ? byte : byte <= 160 ? byte - 127u + 33u : 67u);
}

/// The classes of the character at a position, or of the byte there, and where the next one starts.
static uint32_t classAt(const struct matcher *m, size_t pos, size_t *next) {
  if (!m->bytes)
    return edgelm_tok_class_at(m->tok, m->text, pos, m->end, next);
  *next = pos + 1;
  return edgelm_tok_class(m->tok, standIn(edgelm_tok_byte(m->text, pos)));
}

/// State of one level: its piece is text[pos, end); a match found behind a gap waits in [pos, matchEnd).
struct level {
  struct edgelm_tok_text text;
  size_t pos, end, matchEnd;
};

static int readItem(const struct edgelm_tok *tok, uint32_t index, struct item *item) {
  if (index >= tok->items.bytes / 16)
    return 0;
  item->mask = edgelm_tok_u32(tok->items, index * 4);
  item->least = edgelm_tok_u32(tok->items, index * 4 + 1);
  item->most = edgelm_tok_u32(tok->items, index * 4 + 2);
  item->flags = edgelm_tok_u32(tok->items, index * 4 + 3);
  return 1;
}

/// Takes as many characters of the item as there are; returns their number.
static uint32_t takeGreedy(struct matcher *m, const struct item *item, size_t *pos) {
  uint32_t count = 0;
  while (count < item->most) {
    if (*pos >= m->end) {
      m->touchedEnd = 1;
      break;
    }
    size_t next;
    if (!(classAt(m, *pos, &next) & item->mask))
      break;
    *pos = next;
    ++count;
  }
  return count;
}

/// Whether a look-ahead item holds at a position.
static int looksAhead(struct matcher *m, const struct item *item, size_t pos) {
  int found = 0;
  if (pos >= m->end) {
    m->touchedEnd = 1;
  } else {
    size_t next;
    found = (classAt(m, pos, &next) & item->mask) != 0;
  }
  return found == ((item->flags & EDGELM_TOKENIZER_ITEM_AHEAD) != 0);
}

/// Matches one alternative at `begin`; returns the end of the match, or `begin` if there is none.
static size_t matchAlternative(struct matcher *m, uint32_t first, uint32_t items, size_t begin) {
  size_t starts[EDGELM_TOKENIZER_MAX_ITEMS];
  uint32_t counts[EDGELM_TOKENIZER_MAX_ITEMS];
  uint32_t i = 0;
  size_t pos = begin;
  if (items > EDGELM_TOKENIZER_MAX_ITEMS || first > 0xffffffffu - items)
    return begin;
  while (i < items) {
    struct item item;
    if (!readItem(m->tok, first + i, &item))
      return begin;
    int holds;
    starts[i] = pos;
    counts[i] = 0;
    if (item.flags & (EDGELM_TOKENIZER_ITEM_AHEAD | EDGELM_TOKENIZER_ITEM_NOT_AHEAD)) {
      holds = looksAhead(m, &item, pos);
    } else {
      counts[i] = takeGreedy(m, &item, &pos);
      holds = counts[i] >= item.least;
    }
    if (holds) {
      ++i;
      continue;
    }
    // Give one character back in the nearest item before this one that has one to spare.
    for (;;) {
      if (i == 0)
        return begin;
      --i;
      if (!readItem(m->tok, first + i, &item))
        return begin;
      if (counts[i] > item.least && !(item.flags & EDGELM_TOKENIZER_ITEM_POSSESSIVE))
        break;
    }
    // `pos` may have moved on in later items: the end of item i is the start of item i + 1.
    pos = m->bytes ? starts[i + 1] - 1 : edgelm_tok_before(m->text, starts[i], starts[i + 1]);
    --counts[i];
    ++i;
  }
  return pos;
}

/// Matches a level's pattern at a position; returns the end, or `pos` if nothing matches there.
static size_t matchPattern(struct matcher *m, uint32_t level, size_t pos) {
  uint32_t first = edgelm_tok_u32(m->tok->levels, level * 3);
  uint32_t count = edgelm_tok_u32(m->tok->levels, level * 3 + 1);
  uint32_t all = m->tok->alternatives.bytes / 12;
  if (first > all || count > all - first)
    return pos;
  size_t next;
  uint32_t class = classAt(m, pos, &next);
  for (uint32_t i = first; i < first + count; ++i) {
    if (!(edgelm_tok_u32(m->tok->alternatives, i * 3 + 2) & class))
      continue;
    size_t end = matchAlternative(m, edgelm_tok_u32(m->tok->alternatives, i * 3),
                                  edgelm_tok_u32(m->tok->alternatives, i * 3 + 1), pos);
    if (end > pos)
      return end;
  }
  return pos;
}

/// The next piece of a level that is kept; 0 at its end.
static int nextPiece(struct matcher *m, struct level *level, uint32_t index, size_t *begin, size_t *end) {
  uint32_t keep = edgelm_tok_u32(m->tok->levels, index * 3 + 2);
  m->text = &level->text;
  m->end = level->end;
  m->bytes = (keep & EDGELM_TOKENIZER_LEVEL_BYTES) != 0;
  while (level->pos < level->end) {
    *begin = level->pos;
    if (level->matchEnd <= level->pos) {
      size_t pos = level->pos;
      while (pos < level->end && (level->matchEnd = matchPattern(m, index, pos)) <= pos)
        classAt(m, pos, &pos);
      if (pos > level->pos) {
        if (pos >= level->end) {
          level->matchEnd = 0;
          m->touchedEnd = 1;
        }
        level->pos = *end = pos;
        if (keep & EDGELM_TOKENIZER_KEEP_GAPS)
          return 1;
        continue;
      }
    }
    level->pos = *end = level->matchEnd;
    level->matchEnd = 0;
    if (keep & EDGELM_TOKENIZER_KEEP_MATCHES)
      return 1;
  }
  return 0;
}

/// The level that cuts text[begin, end).
static struct level enter(const struct edgelm_tok *tok, uint32_t index, const struct edgelm_tok_text *text,
                          size_t begin, size_t end) {
  struct level level = {*text, begin, end, 0};
  if (edgelm_tok_u32(tok->levels, index * 3 + 2) & EDGELM_TOKENIZER_LEVEL_PREFIX) {
    level.text = edgelm_tok_slice(text, begin, end);
    if (level.text.prefix == 0)
      edgelm_tok_prefix(tok, &level.text);
    level.pos = 0;
    level.end = edgelm_tok_length(&level.text);
  }
  return level;
}

size_t edgelm_tok_words(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, int more,
                        struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch) {
  struct level levels[EDGELM_TOKENIZER_MAX_LEVELS];
  struct matcher matcher = {tok, text, 0, 0, 0};
  edgelm_tok_model *model = edgelm_tok_parts.models[tok->model];
  uint32_t count = tok->levels.bytes / 12;
  size_t length = edgelm_tok_length(text);
  size_t reached = 0;
  if (count == 0) {
    if (more)
      return 0;
    model(tok, text, 0, length, out, scratch);
    return length;
  }
  levels[0] = enter(tok, 0, text, 0, length);
  uint32_t depth = 0;
  for (;;) {
    size_t begin = 0, end = 0;
    if (depth == 0)
      matcher.touchedEnd = 0;
    int found = nextPiece(&matcher, &levels[depth], depth, &begin, &end);
    if (depth == 0 && more && (matcher.touchedEnd || end >= length))
      return reached; // what follows may change this piece
    if (!found) {
      if (depth == 0)
        break;
      if (--depth == 0)
        reached = levels[0].pos;
      continue;
    }
    if (depth + 1 < count) {
      levels[depth + 1] = enter(tok, depth + 1, &levels[depth].text, begin, end);
      ++depth;
      continue;
    }
    model(tok, &levels[depth].text, begin, end, out, scratch);
    if (depth == 0)
      reached = levels[0].pos;
  }
  return length;
}
