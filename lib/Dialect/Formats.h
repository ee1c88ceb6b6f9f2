// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of number formats that weights are stored in, one row each.
//
// A weight matrix W[N, K] is divided along K into groups of `group` columns (the last one may be shorter), or one group
// for the whole row. Each element is a code u of `bits()` bits, an unsigned number, which stands for the integer
//
//   v = codebook[u]     where the row has a codebook
//   v = u - z           where it has zero points: z, one of 0 .. 2^bits - 1 for each group
//   v = u - 2^(bits-1)  otherwise
//
// and for the weight  w = v * scale, a single product rounded to f32. Scales are finite and may be negative. How the
// scale of a group is stored:
//
//   F32      as such
//   F16      as such
//   Integer  an integer m of 1 .. 16 for each group and one f32 for each row: v becomes v * m, which fits int8 since
//            |v| <= 7, and the row's scale applies to a sum over the whole row
//   Double   an integer m of 0 .. 255 for each group and one f32 for each 256 groups of a row (Dettmers et al. 2023,
//            section 3, without the subtracted mean): scale = float(m) * f32, rounded to f32
//
// Rules for every row, tested for every row:
// - rounding is half to even on the exact quotient's f32 value, in a codebook to the nearest entry, a tie to the even
//   code; codes saturate at the ends of their range
// - the range of v is symmetric for 8 bits (-127 .. 127), else the whole of -2^(bits-1) .. 2^(bits-1) - 1, but with
//   Scale::Integer -7 .. 7
// - a group of zeros has scale 0 (m = 1 with Scale::Integer, z = 0 with zero points) and dequantizes to zeros; a group
//   without a magnitude of at least 2^-100 is one
// - a weight that is NaN or infinite is an error that names the tensor
// - a scale that overflows its type is the largest finite one, one that underflows it 0; codes are chosen for the stored
//   scale
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace edgelm {

/// How the scales of a format are stored.
enum class Scale : uint8_t { None, F32, F16, Integer, Double };

/// A number format. Common code asks a row's property, never its name.
struct FormatRow {
  /// What `--quant` takes and what `!edgelm.q` shows.
  std::string_view name;
  /// Names that other tools use, comma separated.
  std::string_view aliases;
  /// One phrase for `--help`.
  std::string_view summary;
  /// Bits of each plane that a code is stored in, low bits first; 0 ends. A float format has one plane.
  uint8_t planes[2];
  /// Columns of a group; 0: the whole row.
  int32_t group;
  Scale scale;
  bool hasZeroPoints;
  /// The integers that codes stand for, [2^bits]; empty: see above.
  std::span<const int8_t> codebook;
  /// The sum of each row's integers lies beside its scale, for activations with zero points. Only with one scale a row.
  bool hasRowSums = false;

  /// Bits of a code.
  constexpr int bits() const { return planes[0] + planes[1]; }
  /// Whether elements are f32, f16 or bf16 as they are.
  constexpr bool isFloat() const { return scale == Scale::None; }
  /// What is subtracted from a code without codebook and zero point.
  constexpr int offset() const { return 1 << (bits() - 1); }
  /// Columns of one group of a matrix of K columns.
  constexpr int64_t groupOf(int64_t k) const { return group && group < k ? group : k; }
  /// Groups of a row of K columns.
  constexpr int64_t groups(int64_t k) const { return (k + groupOf(k) - 1) / groupOf(k); }
  /// Columns of a group of the int8 activations that a product with this format takes; 0: the whole row.
  constexpr int64_t activationGroup() const { return scale == Scale::Integer ? 0 : group; }
  /// The smallest and the largest integer v that a weight can be quantized to, when it has neither codebook nor zero
  /// point.
  constexpr int lowest() const { return bits() == 8 || scale == Scale::Integer ? -(offset() - 1) : -offset(); }
  constexpr int highest() const { return offset() - 1; }
  /// Bits that one weight of a matrix of K columns takes, scales included, padding not.
  double bitsPerWeight(int64_t k) const;
};

/// Super-groups of Scale::Double: groups that share one f32.
inline constexpr int64_t kGroupsOfDouble = 256;

/// All rows, the float formats first.
std::span<const FormatRow> formatTable();

/// The row of that name or alias, or null.
const FormatRow *findFormat(std::string_view name);

/// The names of all rows, comma separated, for messages.
std::string formatNames();

} // namespace edgelm
