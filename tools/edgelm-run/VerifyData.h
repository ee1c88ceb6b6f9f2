// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run --verify-data DIR`: runs test_data_set_* folders and compares the outputs.
#pragma once

#include "Difference.h"
#include "Product/Session.h"
#include "Product/TensorFile.h"

#include <optional>
#include <string>

namespace edgelm::tools {

/// Runs every data set in `folder` and prints the greatest difference of each. Exit status BelowGate when one is above
/// `tolerance`.
int verifyData(const Product &product, const std::string &folder, uint32_t threads, std::optional<double> tolerance,
               bool json);

/// The three kinds of model; each runs one data set, row by row of its batch.
Verdict verifyDecoder(const Session &session, const DataSet &set);
Verdict verifyEncoder(const Session &session, const DataSet &set);
Verdict verifyInvoke(const Session &session, const DataSet &set);

/// Thrown for a data set that this product cannot express: it is reported by name, and is no error.
struct Skip {
  std::string reason;
};

/// Integers of `tensor` [batch, length] in row `row`.
std::vector<int32_t> rowOf(const Tensor &tensor, size_t row);

} // namespace edgelm::tools
