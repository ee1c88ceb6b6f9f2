// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of scalar functions that `edgelm.unary` and `edgelm.binary` name: one row a function.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace edgelm {

/// A function of one operand: its meaning on floats and, where it has one, on integers.
/// `params` are the operation's parameters; missing ones take `defaults`.
struct UnaryFunction {
  llvm::StringLiteral name;
  double (*onFloat)(double x, llvm::ArrayRef<double> params);
  int64_t (*onInteger)(int64_t x); ///< null where integers are not accepted
  llvm::ArrayRef<double> defaults;
  bool isActivation = false; ///< recognised by value in elementwise arithmetic
};

/// A function of two operands of one element type. Booleans are integers of 0 and 1.
struct BinaryFunction {
  llvm::StringLiteral name;
  double (*onFloat)(double x, double y);
  int64_t (*onInteger)(int64_t x, int64_t y); ///< null where integers are not accepted
};

/// The row of that name, or null.
const UnaryFunction *lookupUnary(llvm::StringRef name);
const BinaryFunction *lookupBinary(llvm::StringRef name);

/// All rows.
llvm::ArrayRef<UnaryFunction> unaryFunctions();

/// Comma-separated names, for diagnostics.
std::string unaryFunctionNames();
std::string binaryFunctionNames();

} // namespace edgelm
