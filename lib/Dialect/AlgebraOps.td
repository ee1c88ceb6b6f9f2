// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Algebra: ONNX semantics in few forms.
#ifndef EDGELM_ALGEBRA_OPS_TD
#define EDGELM_ALGEBRA_OPS_TD

include "Dialect/EdgeLMBase.td"

def EdgeLM_ConstantOp : EdgeLM_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "Small constant held in the IR";
  let description = [{
    For shapes, indices, tables and folded values. Trained parameters are `edgelm.weight`.

    Example:
    ```mlir
    func.func @axes() -> tensor<2xi64> {
      %0 = edgelm.constant dense<[0, 1]> : tensor<2xi64>
      return %0 : tensor<2xi64>
    }
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getType(), value);
  }]>];
  let hasFolder = 1;
}

def EdgeLM_WeightOp : EdgeLM_Op<"weight"> {
  let summary = "Trained parameter, by reference";
  let description = [{
    Reads the bytes that `source` names; see `#edgelm.weight`.

    Constraints:
    * (C1) `source.length` = number of elements times element size in bytes.
  }];
  let arguments = (ins EdgeLM_WeightAttr:$source);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = [{$source attr-dict `:` type($result)}];
  let hasVerifier = 1;
}

def EdgeLM_UnaryOp : EdgeLM_AlgebraOp<"unary"> {
  let summary = "Elementwise function of one operand";
  let description = [{
    `result[i] = fn(input[i])`; `fn` is a row of the scalar function table (`ScalarFunctions.cpp`), `params` its
    parameters in the row's order (for example alpha of `leaky_relu`). `cast` is an operation of its own.
  }];
  let arguments = (ins StrAttr:$fn, EdgeLM_Tensor:$input, DefaultValuedOptionalAttr<DenseF64ArrayAttr, "{}">:$params);
  let assemblyFormat = [{$fn $input attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_BinaryOp : EdgeLM_AlgebraOp<"binary"> {
  let summary = "Elementwise function of two operands";
  let description = [{
    `result[i] = fn(lhs[i], rhs[i])` with NumPy broadcasting (ONNX "Broadcasting in ONNX", multidirectional); `fn`
    is a row of the scalar function table. Integer division truncates toward zero.
  }];
  let arguments = (ins StrAttr:$fn, EdgeLM_Tensor:$lhs, EdgeLM_Tensor:$rhs);
  let assemblyFormat = [{$fn $lhs `,` $rhs attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_CompareOp : EdgeLM_AlgebraOp<"compare"> {
  let summary = "Elementwise comparison";
  let description = [{
    `result[i] = lhs[i] <predicate> rhs[i]` as i1 with NumPy broadcasting; `predicate` is `eq`, `ne`, `lt`, `le`,
    `gt` or `ge`. Comparisons with NaN are false, but `ne` is true.
  }];
  let arguments = (ins StrAttr:$predicate, EdgeLM_Tensor:$lhs, EdgeLM_Tensor:$rhs);
  let assemblyFormat = [{$predicate $lhs `,` $rhs attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_SelectOp : EdgeLM_AlgebraOp<"select"> {
  let summary = "Elementwise choice (ONNX Where)";
  let description = [{
    `result[i] = condition[i] ? lhs[i] : rhs[i]` with NumPy broadcasting of all three.
  }];
  let arguments = (ins EdgeLM_Tensor:$condition, EdgeLM_Tensor:$lhs, EdgeLM_Tensor:$rhs);
  let assemblyFormat = [{$condition `,` $lhs `,` $rhs attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ReduceOp : EdgeLM_AlgebraOp<"reduce"> {
  let summary = "Reduction over axes";
  let description = [{
    `fn` is `sum`, `mean`, `max`, `min`, `prod`, `sum_square`, `l1`, `l2`, `log_sum`, `log_sum_exp`. An empty `axes`
    reduces all of them. Float sums accumulate in f32 at least, in index order. Axes are non-negative and ascending.
  }];
  let arguments = (ins StrAttr:$fn, EdgeLM_Tensor:$input, DenseI64ArrayAttr:$axes, UnitAttr:$keep_dims);
  let assemblyFormat = [{$fn $input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ArgReduceOp : EdgeLM_AlgebraOp<"arg_reduce"> {
  let summary = "Index of the greatest or least element";
  let description = [{
    `fn` is `max` or `min`; the result is i64; of equal elements the first (`select_last`: the last) wins.
  }];
  let arguments = (ins StrAttr:$fn, EdgeLM_Tensor:$input, I64Attr:$axis, UnitAttr:$keep_dims, UnitAttr:$select_last);
  let assemblyFormat = [{$fn $input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_CumSumOp : EdgeLM_AlgebraOp<"cumsum"> {
  let summary = "Running sum along an axis";
  let description = [{
    ONNX CumSum.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_MatMulOp : EdgeLM_AlgebraOp<"matmul"> {
  let summary = "Matrix product with NumPy batch semantics";
  let description = [{
    ONNX MatMul: the last two axes are multiplied, leading axes broadcast, a rank-1 operand is promoted. Floats
    accumulate in f32 (f64 for f64); integers in i32.
  }];
  let arguments = (ins EdgeLM_Tensor:$lhs, EdgeLM_Tensor:$rhs);
  let assemblyFormat = [{$lhs `,` $rhs attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_SoftmaxOp : EdgeLM_AlgebraOp<"softmax"> {
  let summary = "Softmax along an axis";
  let description = [{
    `exp(x - max(x)) / sum(exp(x - max(x)))` over `axis` (non-negative); a row of only -inf gives NaN, as in ONNX.
    `log` gives its logarithm.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_CastOp : EdgeLM_AlgebraOp<"cast"> {
  let summary = "Element type conversion";
  let description = [{
    ONNX Cast: float to integer truncates toward zero, to i1 tests against zero, to a narrower float rounds to
    nearest even.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, TypeAttr:$to);
  let assemblyFormat = [{$input `to` $to attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ShapeOp : EdgeLM_AlgebraOp<"shape"> {
  let summary = "Shape as an i64 tensor";
  let description = [{
    Dimensions `start` to `end` (exclusive, both within [0, rank]) of the operand.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, I64Attr:$start, I64Attr:$end);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ReshapeOp : EdgeLM_AlgebraOp<"reshape"> {
  let summary = "Same elements, other shape";
  let description = [{
    With a `shape` operand: ONNX Reshape (0 copies the dimension unless `allow_zero`, one -1 is inferred). Without
    it, the result type says the shape.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Optional<EdgeLM_Tensor>:$shape, UnitAttr:$allow_zero);
  let assemblyFormat = [{$input (`shape` `(` $shape^ `)`)? attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_UnsqueezeOp : EdgeLM_AlgebraOp<"unsqueeze"> {
  let summary = "Insert dimensions of size 1";
  let description = [{
    `axes` are positions in the result, non-negative and ascending. Folds to `reshape` once shapes are static.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, DenseI64ArrayAttr:$axes);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_SqueezeOp : EdgeLM_AlgebraOp<"squeeze"> {
  let summary = "Remove dimensions of size 1";
  let description = [{
    `axes` are positions in the operand, non-negative and ascending; an empty list removes every static 1. Folds to
    `reshape` once shapes are static.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, DenseI64ArrayAttr:$axes);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_TransposeOp : EdgeLM_AlgebraOp<"transpose"> {
  let summary = "Permute dimensions";
  let description = [{
    `result.shape[i] = input.shape[perm[i]]`.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, DenseI64ArrayAttr:$perm);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_BroadcastOp : EdgeLM_AlgebraOp<"broadcast"> {
  let summary = "Repeat along dimensions of size 1 (ONNX Expand)";
  let description = [{
    With a `shape` operand: bidirectional broadcasting with that shape. Without it, the result type says the shape.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Optional<EdgeLM_Tensor>:$shape);
  let assemblyFormat = [{$input (`shape` `(` $shape^ `)`)? attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_TileOp : EdgeLM_AlgebraOp<"tile"> {
  let summary = "Repeat the whole tensor along each dimension";
  let description = [{
    ONNX Tile; `repeats` is a rank-1 i64 tensor of length rank.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$repeats);
  let assemblyFormat = [{$input `,` $repeats attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ConcatOp : EdgeLM_AlgebraOp<"concat"> {
  let summary = "Concatenate along an axis";
  let description = [{
    Operands agree in all other dimensions. Operands of size 0 along the axis are allowed.
  }];
  let arguments = (ins Variadic<EdgeLM_Tensor>:$inputs, I64Attr:$axis);
  let assemblyFormat = [{$inputs attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_SliceOp : EdgeLM_AlgebraOp<"slice"> {
  let summary = "Strided part of a tensor";
  let description = [{
    ONNX Slice. Either the bounds are operands (rank-1 tensors `starts`, `ends`, `axes`, `steps`, in this order, all
    four), or, once they are constant, the attributes `starts`, `sizes`, `steps`, one entry a dimension, hold them:
    `result[i] = input[starts + i * steps]`.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Variadic<EdgeLM_Tensor>:$bounds, OptionalAttr<DenseI64ArrayAttr>:$starts,
      OptionalAttr<DenseI64ArrayAttr>:$sizes, OptionalAttr<DenseI64ArrayAttr>:$steps);
  let assemblyFormat = [{$input (`bounds` `(` $bounds^ `)`)? attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_PadOp : EdgeLM_AlgebraOp<"pad", [AttrSizedOperandSegments]> {
  let summary = "Pad a tensor";
  let description = [{
    ONNX Pad with `mode` `constant`, `reflect`, `edge` or `wrap`. What is added (or, negative, cut off) before each
    dimension and then behind each is the operand `by`, a rank-1 i64 tensor of twice the rank, or, once it is constant,
    the attribute `pads`. `value` is a scalar, 0 without it.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Optional<EdgeLM_Tensor>:$by, Optional<EdgeLM_Tensor>:$value,
      StrAttr:$mode, OptionalAttr<DenseI64ArrayAttr>:$pads);
  let assemblyFormat = [{
    $input (`by` `(` $by^ `)`)? (`value` `(` $value^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def EdgeLM_GatherOp : EdgeLM_AlgebraOp<"gather"> {
  let summary = "Rows by index along an axis";
  let description = [{
    ONNX Gather: `result.shape = input.shape[:axis] + indices.shape + input.shape[axis+1:]`; negative indices count
    from the end.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$indices, I64Attr:$axis);
  let assemblyFormat = [{$input `,` $indices attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_GatherElementsOp : EdgeLM_AlgebraOp<"gather_elements"> {
  let summary = "Elements by index along an axis";
  let description = [{
    ONNX GatherElements.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$indices, I64Attr:$axis);
  let assemblyFormat = [{$input `,` $indices attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_GatherNDOp : EdgeLM_AlgebraOp<"gather_nd"> {
  let summary = "Slices by index tuples";
  let description = [{
    ONNX GatherND.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$indices, I64Attr:$batch_dims);
  let assemblyFormat = [{$input `,` $indices attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_ScatterNDOp : EdgeLM_AlgebraOp<"scatter_nd"> {
  let summary = "Write slices by index tuples";
  let description = [{
    ONNX ScatterND: a copy of `input` with `updates` written one after the other, or with `reduction`, a row of the
    scalar function table (`add`, `mul`, `min`, `max`), combined with what is there.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$indices, EdgeLM_Tensor:$updates,
      OptionalAttr<StrAttr>:$reduction);
  let assemblyFormat = [{$input `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_IotaOp : EdgeLM_AlgebraOp<"iota"> {
  let summary = "Arithmetic sequence (ONNX Range)";
  let description = [{
    `start`, `limit`, `delta` are scalars; element i is `start + i * delta`, the length `max(0, ceil((limit - start)
    / delta))`.
  }];
  let arguments = (ins EdgeLM_Tensor:$start, EdgeLM_Tensor:$limit, EdgeLM_Tensor:$delta);
  let assemblyFormat = [{$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_FillOp : EdgeLM_AlgebraOp<"fill"> {
  let summary = "Tensor of one value (ONNX ConstantOfShape)";
  let description = [{
    `shape` is a rank-1 i64 tensor, `value` a one-element attribute.
  }];
  let arguments = (ins EdgeLM_Tensor:$shape, ElementsAttr:$value);
  let assemblyFormat = [{$shape attr-dict `value` $value `:` functional-type(operands, results)}];
}

def EdgeLM_TriluOp : EdgeLM_AlgebraOp<"trilu"> {
  let summary = "Upper or lower triangle";
  let description = [{
    ONNX Trilu: keeps elements with `column - row >= k` (`upper`) or `<= k`; others become 0.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Optional<EdgeLM_Tensor>:$k, UnitAttr:$upper);
  let assemblyFormat = [{$input (`,` $k^)? attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_NonZeroOp : EdgeLM_AlgebraOp<"nonzero"> {
  let summary = "Indices of the nonzero elements";
  let description = [{
    ONNX NonZero: i64 `[rank, count]`; only of constants.
  }];
  let arguments = (ins EdgeLM_Tensor:$input);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_QuantizeOp : EdgeLM_AlgebraOp<"quantize"> {
  let summary = "Quantize to integers";
  let description = [{
    ONNX QuantizeLinear: `saturate(round_half_even(x / scale) + zero_point)`, per tensor, per `axis` or in blocks of
    `block_size` along it.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$scale, Optional<EdgeLM_Tensor>:$zero_point, I64Attr:$axis,
      I64Attr:$block_size, TypeAttr:$to);
  let assemblyFormat = [{$input `,` $scale (`,` $zero_point^)? attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_DequantizeOp : EdgeLM_AlgebraOp<"dequantize"> {
  let summary = "Integers to floats";
  let description = [{
    ONNX DequantizeLinear: `(x - zero_point) * scale`, per tensor, per `axis` or in blocks of `block_size` along it.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$scale, Optional<EdgeLM_Tensor>:$zero_point, I64Attr:$axis,
      I64Attr:$block_size);
  let assemblyFormat = [{$input `,` $scale (`,` $zero_point^)? attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_MatMulIntegerOp : EdgeLM_AlgebraOp<"matmul_integer", [AttrSizedOperandSegments]> {
  let summary = "Integer matrix product";
  let description = [{
    ONNX MatMulInteger: i32 product of 8-bit operands less their zero points (scalars, or one a column of `rhs`).
  }];
  let arguments = (ins EdgeLM_Tensor:$lhs, EdgeLM_Tensor:$rhs, Optional<EdgeLM_Tensor>:$lhs_zero_point,
      Optional<EdgeLM_Tensor>:$rhs_zero_point);
  let assemblyFormat = [{$lhs `,` $rhs (`lhs_zero` `(` $lhs_zero_point^ `)`)? (`rhs_zero` `(` $rhs_zero_point^ `)`)? attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_DequantizeBlocksOp : EdgeLM_AlgebraOp<"dequantize_blocks"> {
  let summary = "Unpack block-quantized weights";
  let description = [{
    Codes of `bits` bits packed along K as com.microsoft.MatMulNBits has them (`codes`: ui8 `[N, ceil(K /
    block_size), block_size * bits / 8]`, `scales`: `[N * blocks]` or `[N, blocks]`, `zero_points`: packed ui8, or
    of the scales' type, or absent for `2^(bits-1)`) become floats `[N, K]`. With a `codebook` of 16 numbers, which a
    code of 4 bits chooses from, there are no zero points, and the first of two codes lies in the high bits
    (com.microsoft.MatMulBnb4).
  }];
  let arguments = (ins EdgeLM_Tensor:$codes, EdgeLM_Tensor:$scales, Optional<EdgeLM_Tensor>:$zero_points, I64Attr:$bits,
      I64Attr:$block_size, I64Attr:$k, OptionalAttr<DenseF32ArrayAttr>:$codebook);
  let assemblyFormat = [{$codes `,` $scales (`,` $zero_points^)? attr-dict `:` functional-type(operands, results)}];
}

def EdgeLM_SplitOp : EdgeLM_Op<"split", [DeclareOpInterfaceMethods<InferTypeOpInterface, ["refineReturnTypes"]>]> {
  let summary = "Parts along an axis";
  let description = [{
    ONNX Split: with `sizes` (rank-1 i64) as given, without it in equal parts (the last may be smaller). Folds to `slice`s once the sizes are known.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, Optional<EdgeLM_Tensor>:$sizes, I64Attr:$axis);
  let results = (outs Variadic<EdgeLM_Tensor>:$results);
  let assemblyFormat = [{$input (`sizes` `(` $sizes^ `)`)? attr-dict `:` functional-type(operands, results)}];
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange left, ::mlir::TypeRange right) {
      return ::edgelm::areCompatible(left, right);
    }
  }];
}

def EdgeLM_DynamicQuantizeOp : EdgeLM_InferringOp<"dynamic_quantize"> {
  let summary = "Quantize with a scale from the data (ONNX DynamicQuantizeLinear)";
  let description = [{
    Result type ui8. Without `per_token` one scale and zero point serve the whole tensor, as ONNX says; with it, each row along
    the last dimension has its own (`scale`, `zero_point` then have the operand's shape with a last dimension of 1).
  }];
  let arguments = (ins EdgeLM_Tensor:$input, UnitAttr:$per_token);
  let results = (outs EdgeLM_Tensor:$result, EdgeLM_Tensor:$scale, EdgeLM_Tensor:$zero_point);
  let assemblyFormat = [{$input attr-dict `:` functional-type(operands, results)}];
}

#endif // EDGELM_ALGEBRA_OPS_TD
