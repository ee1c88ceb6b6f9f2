// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the data sets of a decoder, each row of a batch by itself.
//
// A session has no mask: a row is expressed by leaving out what its mask hides, which changes nothing for the tokens
// that are left when their positions count those alone. A past becomes the state through save and restore.
#include "Product/Failure.h"
#include "Product/SavedState.h"
#include "VerifyData.h"

using namespace edgelm::tools;

namespace {
/// What of one row of the batch is run.
struct Row {
  size_t index;
  std::vector<size_t> past;   ///< rows of the past tensors that the mask keeps
  std::vector<size_t> tokens; ///< tokens that it keeps, as indices into the sequence
  std::vector<int32_t> ids;
};
} // namespace

static std::string stateName(const char *prefix, size_t index) {
  return std::string(prefix) + "." + std::to_string(index / 2) + (index % 2 ? ".value" : ".key");
}

/// The tensor of state `index` among `tensors`, by Optimum's names; null when there is none.
static const Tensor *findState(const std::map<std::string, Tensor> &tensors, std::initializer_list<const char *> names,
                               size_t index) {
  for (const char *name : names) {
    const auto found = tensors.find(stateName(name, index));
    if (found != tensors.end())
      return &found->second;
  }
  return nullptr;
}

static const Tensor *findPast(const DataSet &set, size_t index) {
  return findState(set.inputs, {"past_key_values", "past"}, index);
}

static const Tensor *findPresent(const DataSet &set, size_t index) {
  return findState(set.outputs, {"present", "present_key_values"}, index);
}

static void checkInputs(const DataSet &set) {
  for (const auto &[name, tensor] : set.inputs)
    if (name != "input_ids" && name != "attention_mask" && name != "position_ids" && !name.starts_with("past"))
      throw Skip{"its input " + name + " is not one of input_ids, attention_mask, position_ids, past_key_values.*"};
}

/// What the mask of row `index` keeps; throws Skip when a session cannot stand at those positions.
static Row readRow(const DataSet &set, const edgelm_info &info, size_t index) {
  const Tensor &ids = *set.input("input_ids");
  const Tensor *mask = set.input("attention_mask"), *positions = set.input("position_ids");
  const Tensor *firstPast = findPast(set, 0);
  const size_t past = firstPast ? size_t(firstPast->dim(2)) : 0, length = size_t(ids.dim(1));
  if (mask && size_t(mask->dim(1)) != past + length)
    throw Skip{"its attention_mask has " + std::to_string(mask->dim(1)) + " columns, expected " +
               std::to_string(past + length)};
  const std::vector<int32_t> kept = mask ? rowOf(*mask, index) : std::vector<int32_t>(past + length, 1);
  const std::vector<int32_t> all = rowOf(ids, index);
  Row row{index, {}, {}, {}};
  for (size_t i = 0; i < past; ++i)
    if (kept[i])
      row.past.push_back(i);
  for (size_t i = 0; i < length; ++i) {
    if (!kept[past + i])
      continue;
    const int64_t position = int64_t(row.past.size() + row.tokens.size());
    // A single row of positions may stand for the whole batch.
    if (positions && rowOf(*positions, positions->dim(0) == 1 ? 0 : index)[i] != position)
      throw Skip{"row " + std::to_string(index) + " has position_ids that do not count the unmasked tokens"};
    row.tokens.push_back(i);
    row.ids.push_back(all[i]);
  }
  if (row.past.size() + row.tokens.size() > info.context)
    throw Skip{"it needs " + std::to_string(row.past.size() + row.tokens.size()) + " tokens, and the context holds " +
               std::to_string(info.context)};
  return row;
}

/// Checks the shape of `tensor` [batch, heads, rows, headDim] against state `index`.
static void matchState(const SavedState &state, size_t index, const Tensor &tensor, const std::string &name) {
  if (tensor.dims.size() != 4 || size_t(tensor.dim(1)) != state.heads(index) ||
      !state.holds(index, size_t(tensor.dim(3))))
    throw Skip{name + " does not have the shape [batch, heads, tokens, head size] of the product's state"};
}

/// A row of `tensor` [batch, heads, rows, headDim].
static std::span<const float> rowAt(const Tensor &tensor, size_t batch, size_t head, size_t row) {
  const size_t heads = size_t(tensor.dim(1)), rows = size_t(tensor.dim(2)), size = size_t(tensor.dim(3));
  return std::span(tensor.floats).subspan(((batch * heads + head) * rows + row) * size, size);
}

/// Puts the kept rows of the past into the session.
static void loadPast(const Session &session, const DataSet &set, const Row &row) {
  check(edgelm_reset(session), "cannot reset");
  if (row.past.empty())
    return;
  // Any tokens bring the state to its length; all of its rows are then replaced.
  const std::vector<int32_t> anything(row.past.size(), 0);
  check(edgelm_prefill(session, anything.data(), anything.size()), "cannot prefill");
  SavedState state(session);
  for (size_t i = 0; i < state.count(); ++i) {
    const Tensor *past = findPast(set, i);
    if (!past)
      throw Skip{"it has no input " + stateName("past_key_values", i)};
    matchState(state, i, *past, stateName("past_key_values", i));
    for (size_t head = 0; head < state.heads(i); ++head)
      for (size_t k = 0; k < row.past.size(); ++k)
        state.set(i, head, k, rowAt(*past, row.index, head, row.past[k]));
  }
  check(edgelm_restore(session, state.bytes().data(), state.bytes().size()), "cannot restore the past");
}

static void comparePresents(const Session &session, const DataSet &set, const Row &row, Difference &difference) {
  SavedState state(session);
  std::vector<float> found;
  const Tensor *first = findPast(set, 0);
  const size_t pastLength = first ? size_t(first->dim(2)) : 0;
  for (size_t i = 0; i < state.count(); ++i) {
    const Tensor *present = findPresent(set, i);
    if (!present)
      return; // an export without a cache
    matchState(state, i, *present, stateName("present", i));
    for (size_t head = 0; head < state.heads(i); ++head)
      for (size_t k = 0; k < state.position(); ++k) {
        const size_t from = k < row.past.size() ? row.past[k] : pastLength + row.tokens[k - row.past.size()];
        const std::span<const float> expected = rowAt(*present, row.index, head, from);
        found.resize(expected.size());
        state.get(i, head, k, found);
        for (size_t column = 0; column < found.size(); ++column)
          difference.add(found[column], expected[column]);
      }
  }
}

Verdict edgelm::tools::verifyDecoder(const Session &session, const DataSet &set) {
  checkInputs(set);
  const Tensor *ids = set.input("input_ids");
  const auto logits = set.outputs.find("logits");
  if (!ids || logits == set.outputs.end())
    throw Skip{ids ? "it has no logits" : "it has no input_ids"};
  const size_t vocab = session.info().vocab, length = size_t(ids->dim(1));
  const Tensor &expected = logits->second;
  if (expected.dims != std::vector<int64_t>{ids->dim(0), ids->dim(1), int64_t(vocab)})
    throw Skip{"its logits do not have the shape [batch, tokens, " + std::to_string(vocab) + "]"};

  Verdict verdict;
  for (size_t b = 0; b < size_t(ids->dim(0)); ++b) {
    const Row row = readRow(set, session.info(), b);
    loadPast(session, set, row);
    std::vector<float> found(row.ids.size() * vocab);
    session.score(row.ids, found);
    for (size_t k = 0; k < row.tokens.size(); ++k)
      for (size_t v = 0; v < vocab; ++v)
        verdict.outputs.add(found[k * vocab + v], expected.floats[(b * length + row.tokens[k]) * vocab + v]);
    comparePresents(session, set, row, verdict.presents);
  }
  return verdict;
}
