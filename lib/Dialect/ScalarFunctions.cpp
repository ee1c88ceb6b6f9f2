// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of the scalar function table: the reference meaning of every elementwise function.
#include "Dialect/ScalarFunctions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <limits>
#include <numbers>

using namespace edgelm;
using Params = llvm::ArrayRef<double>;

static double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
static double softplus(double x) {
  return std::log1p(std::exp(-std::fabs(x))) + std::fmax(x, 0.0);
}
static double geluTanh(double x) {
  return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}
/// Wraps, as two's complement does.
static int64_t negated(int64_t x) {
  return int64_t(-uint64_t(x));
}
static int64_t absolute(int64_t x) {
  return x < 0 ? negated(x) : x;
}

static constexpr double kLeakyDefaults[] = {0.01};
static constexpr double kEluDefaults[] = {1.0};
static constexpr double kHardSigmoidDefaults[] = {0.2, 0.5};
static constexpr double kSeluDefaults[] = {1.67326319217681884765625, 1.05070102214813232421875};

static const UnaryFunction unaryTable[] = {
    {"abs", [](double x, Params) { return std::fabs(x); }, absolute, {}},
    {"neg", [](double x, Params) { return -x; }, negated, {}},
    {"not", nullptr, [](int64_t x) { return int64_t(x == 0); }, {}},
    {"sign",
     [](double x, Params) { return double((x > 0) - (x < 0)); },
     [](int64_t x) { return int64_t((x > 0) - (x < 0)); },
     {}},
    {"exp", [](double x, Params) { return std::exp(x); }, nullptr, {}},
    {"log", [](double x, Params) { return std::log(x); }, nullptr, {}},
    {"sqrt", [](double x, Params) { return std::sqrt(x); }, nullptr, {}},
    {"rsqrt", [](double x, Params) { return 1.0 / std::sqrt(x); }, nullptr, {}},
    {"reciprocal", [](double x, Params) { return 1.0 / x; }, nullptr, {}},
    {"sin", [](double x, Params) { return std::sin(x); }, nullptr, {}},
    {"cos", [](double x, Params) { return std::cos(x); }, nullptr, {}},
    {"tan", [](double x, Params) { return std::tan(x); }, nullptr, {}},
    {"asin", [](double x, Params) { return std::asin(x); }, nullptr, {}},
    {"acos", [](double x, Params) { return std::acos(x); }, nullptr, {}},
    {"atan", [](double x, Params) { return std::atan(x); }, nullptr, {}},
    {"sinh", [](double x, Params) { return std::sinh(x); }, nullptr, {}},
    {"cosh", [](double x, Params) { return std::cosh(x); }, nullptr, {}},
    {"asinh", [](double x, Params) { return std::asinh(x); }, nullptr, {}},
    {"acosh", [](double x, Params) { return std::acosh(x); }, nullptr, {}},
    {"atanh", [](double x, Params) { return std::atanh(x); }, nullptr, {}},
    {"tanh", [](double x, Params) { return std::tanh(x); }, nullptr, {}, true},
    {"erf", [](double x, Params) { return std::erf(x); }, nullptr, {}},
    {"floor", [](double x, Params) { return std::floor(x); }, nullptr, {}},
    {"ceil", [](double x, Params) { return std::ceil(x); }, nullptr, {}},
    {"round", [](double x, Params) { return std::nearbyint(x); }, nullptr, {}}, // half to even
    {"relu", [](double x, Params) { return std::fmax(x, 0.0); }, [](int64_t x) { return x < 0 ? 0 : x; }, {}, true},
    {"leaky_relu", [](double x, Params p) { return x < 0 ? p[0] * x : x; }, nullptr, kLeakyDefaults, true},
    {"elu", [](double x, Params p) { return x < 0 ? p[0] * std::expm1(x) : x; }, nullptr, kEluDefaults, true},
    {"selu", [](double x, Params p) { return p[1] * (x > 0 ? x : p[0] * std::expm1(x)); }, nullptr, kSeluDefaults,
     true},
    {"hard_sigmoid", [](double x, Params p) { return std::fmin(1.0, std::fmax(0.0, p[0] * x + p[1])); }, nullptr,
     kHardSigmoidDefaults, true},
    {"hard_swish",
     [](double x, Params) { return x * std::fmin(1.0, std::fmax(0.0, x / 6.0 + 0.5)); },
     nullptr,
     {},
     true},
    {"sigmoid", [](double x, Params) { return sigmoid(x); }, nullptr, {}, true},
    {"silu", [](double x, Params) { return x * sigmoid(x); }, nullptr, {}, true},
    {"softplus", [](double x, Params) { return softplus(x); }, nullptr, {}, true},
    {"softsign", [](double x, Params) { return x / (1.0 + std::fabs(x)); }, nullptr, {}, true},
    {"mish", [](double x, Params) { return x * std::tanh(softplus(x)); }, nullptr, {}, true},
    {"gelu", [](double x, Params) { return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2)); }, nullptr, {}, true},
    {"gelu_tanh", [](double x, Params) { return geluTanh(x); }, nullptr, {}, true},
    {"gelu_quick", [](double x, Params) { return x * sigmoid(1.702 * x); }, nullptr, {}, true},
    {"is_nan", [](double x, Params) { return double(std::isnan(x)); }, nullptr, {}},
    {"is_inf", [](double x, Params) { return double(std::isinf(x)); }, nullptr, {}},
};

/// Division by zero has no meaning on integers in ONNX; 0 keeps the evaluator total.
static int64_t divide(int64_t x, int64_t y) {
  return y == 0 ? 0 : y == -1 ? negated(x) : x / y;
}
static int64_t fmodInteger(int64_t x, int64_t y) {
  return y == 0 || y == -1 ? 0 : x % y;
}
static int64_t modInteger(int64_t x, int64_t y) {
  int64_t r = fmodInteger(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
/// Shifts of the bits of an unsigned number, which lose them all from a certain distance on.
static int64_t shiftLeft(int64_t x, int64_t distance) {
  return distance < 0 || distance >= 64 ? 0 : int64_t(uint64_t(x) << distance);
}
static int64_t shiftRight(int64_t x, int64_t distance) {
  return distance < 0 || distance >= 64 ? 0 : int64_t(uint64_t(x) >> distance);
}
static int64_t power(int64_t base, int64_t exponent) {
  double result = std::pow(static_cast<double>(base), static_cast<double>(exponent));
  // A double outside of the integers has no cast to one.
  return std::fabs(result) < 0x1p63 ? static_cast<int64_t>(result) : std::numeric_limits<int64_t>::min();
}

static const BinaryFunction binaryTable[] = {
    {"add", [](double x, double y) { return x + y; },
     [](int64_t x, int64_t y) { return int64_t(uint64_t(x) + uint64_t(y)); }},
    {"sub", [](double x, double y) { return x - y; },
     [](int64_t x, int64_t y) { return int64_t(uint64_t(x) - uint64_t(y)); }},
    {"mul", [](double x, double y) { return x * y; },
     [](int64_t x, int64_t y) { return int64_t(uint64_t(x) * uint64_t(y)); }},
    {"div", [](double x, double y) { return x / y; }, divide},
    {"pow", [](double x, double y) { return std::pow(x, y); }, power},
    {"mod",
     [](double x, double y) {
       double r = std::fmod(x, y);
       return r != 0 && (r < 0) != (y < 0) ? r + y : r;
     },
     modInteger},
    {"fmod", [](double x, double y) { return std::fmod(x, y); }, fmodInteger},
    {"max", [](double x, double y) { return std::isnan(x) || std::isnan(y) ? std::nan("") : std::fmax(x, y); },
     [](int64_t x, int64_t y) { return x > y ? x : y; }},
    {"min", [](double x, double y) { return std::isnan(x) || std::isnan(y) ? std::nan("") : std::fmin(x, y); },
     [](int64_t x, int64_t y) { return x < y ? x : y; }},
    {"and", nullptr, [](int64_t x, int64_t y) { return x & y; }},
    {"or", nullptr, [](int64_t x, int64_t y) { return x | y; }},
    {"xor", nullptr, [](int64_t x, int64_t y) { return x ^ y; }},
    {"shift_left", nullptr, shiftLeft},
    {"shift_right", nullptr, shiftRight},
};

template <typename Row, size_t N> static const Row *lookup(const Row (&table)[N], llvm::StringRef name) {
  const Row *row = llvm::find_if(table, [&](const Row &candidate) { return candidate.name == name; });
  return row == std::end(table) ? nullptr : row;
}

template <typename Row, size_t N> static std::string names(const Row (&table)[N]) {
  return llvm::join(llvm::map_range(table, [](const Row &row) { return row.name.str(); }), ", ");
}

const UnaryFunction *edgelm::lookupUnary(llvm::StringRef name) {
  return lookup(unaryTable, name);
}
const BinaryFunction *edgelm::lookupBinary(llvm::StringRef name) {
  return lookup(binaryTable, name);
}
llvm::ArrayRef<UnaryFunction> edgelm::unaryFunctions() {
  return unaryTable;
}
std::string edgelm::unaryFunctionNames() {
  return names(unaryTable);
}
std::string edgelm::binaryFunctionNames() {
  return names(binaryTable);
}
