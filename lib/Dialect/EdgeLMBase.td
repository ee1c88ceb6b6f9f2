// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The dialect itself, its attributes and the classes that its operations share.
#ifndef EDGELM_BASE_TD
#define EDGELM_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def EdgeLM_Dialect : Dialect {
  let name = "edgelm";
  let cppNamespace = "::edgelm";
  let summary = "Language models on static shapes, from ONNX semantics to fused kernels";
  let description = [{
    Two families of operations. *Algebra* has the meaning of the ONNX operators, reduced to few forms:
    a scalar function is a row of a table and not an operation, shape arithmetic is ordinary tensor code that folds away.
    *Transformer* operations are what remains after raising: each is one kernel launch.

    All operations have value semantics on ranked tensors; `lib/Dialect/Reference` evaluates every one of
    them and is the definition of their numerics.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

class EdgeLM_Attr<string name, string attrMnemonic> : AttrDef<EdgeLM_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def EdgeLM_WeightAttr : EdgeLM_Attr<"Weight", "weight"> {
  let summary = "Bytes of a tensor by reference";
  let description = [{
    `length` bytes at `offset` of `file`, a path relative to the module's `edgelm.model_dir`; little-endian, row-major, of the
    shape and element type of the operation that carries the attribute. `sha256` (64 hexadecimal digits) is the hash of these
    bytes; whoever maps them checks it once. The bytes are never copied into the IR.

    Example: `#edgelm.weight<"model.onnx_data", 4096, 147456, "9f86d0…">`
  }];
  let parameters = (ins StringRefParameter<"path relative to edgelm.model_dir">:$file, "int64_t":$offset,
      "int64_t":$length, StringRefParameter<"hexadecimal digest">:$sha256);
  let assemblyFormat = "`<` $file `,` $offset `,` $length `,` $sha256 `>`";
}

def EdgeLM_CodesAttr : EdgeLM_Attr<"Codes", "codes"> {
  let summary = "Bytes of a matrix that was quantized when it was exported, by reference";
  let description = [{
    `sources`, each a `#edgelm.weight` or dense elements, are the codes, the scales and, where there are any, the zero points of a
    matrix W[N, K]; `types` are theirs as the model has them. A weight is `(code - zero point) * scale`, rounded once to f32.

    Without `packed`, codes, scales and zero points are those of an `edgelm.dequantize` with this `axis` and `block` (0: one scale for
    all, or for each place along `axis`); the codes are `[N, K]`, or `[K, N]` where they are `transposed`. With `packed` they are those of an
    `edgelm.dequantize_blocks` of so many bits, this block and perhaps this `codebook`.

    Example: `#edgelm.codes<[#edgelm.weight<...>, #edgelm.weight<...>], [tensor<64x8x16xui8>, tensor<512xf32>] packed 4 axis 1 block 32>`
  }];
  let parameters = (ins "::mlir::ArrayAttr":$sources, "::mlir::ArrayAttr":$types,
      DefaultValuedParameter<"int64_t", "0">:$packed, "int64_t":$axis, "int64_t":$block,
      DefaultValuedParameter<"bool", "false">:$transposed, OptionalParameter<"::mlir::DenseF32ArrayAttr">:$codebook);
  let assemblyFormat = [{
    `<` $sources `,` $types (`packed` $packed^)? `axis` $axis `block` $block (`transposed` `=` $transposed^)?
    (`codebook` $codebook^)? `>`
  }];
}

def EdgeLM_MaskKind : I32EnumAttr<"MaskKind", "which keys a query may see", [
    I32EnumAttrCase<"Bidirectional", 0, "bidirectional">,
    I32EnumAttrCase<"Causal", 1, "causal">,
    I32EnumAttrCase<"SlidingWindow", 2, "sliding_window">]> {
  let cppNamespace = "::edgelm";
  let genSpecializedAttr = 0;
}

def EdgeLM_MaskAttr : EdgeLM_Attr<"Mask", "mask"> {
  let summary = "Classified attention mask";
  let description = [{
    Query at position i sees key at position j when: `bidirectional`, always; `causal`, j <= i; `sliding_window`,
    i - window < j <= i. With `slopes` (one per query head, ALiBi, Press et al. 2022) the score is increased by
    `slopes[h] * (j - i)`. `window` is 0 unless the kind is `sliding_window`.

    Example: `#edgelm.mask<causal>`, `#edgelm.mask<sliding_window window = 4096>`
  }];
  let parameters = (ins EnumParameter<EdgeLM_MaskKind>:$kind, DefaultValuedParameter<"int64_t", "0">:$window,
      OptionalParameter<"::mlir::DenseF32ArrayAttr", "ALiBi slope of each query head">:$slopes);
  let assemblyFormat = "`<` $kind (`window` `=` $window^)? (`slopes` `=` $slopes^)? `>`";
}

class EdgeLM_Type<string name, string typeMnemonic> : TypeDef<EdgeLM_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def EdgeLM_QType : EdgeLM_Type<"Q", "q"> {
  let summary = "Element of a weight matrix in a number format";
  let description = [{
    Only matrices have elements of this type. `format` is the name of a row of the table in `lib/Dialect/Formats.h` that is no float
    format; docs/quantization.md has the numerics.

    Constraints:
    * (C1) the table has a quantized format of that name.

    Example: `tensor<288x768x!edgelm.q<"int4_g32">>`
  }];
  let parameters = (ins StringRefParameter<"name of a row of the format table">:$format);
  let assemblyFormat = "`<` $format `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The row that `format` names.
    const FormatRow &row() const;
  }];
}

def EdgeLM_Int8RowsType : EdgeLM_Type<"Int8Rows", "int8_rows"> {
  let summary = "Element of activations that were quantized row by row";
  let description = [{
    A row, along the last dimension, is a block of bytes (`ActivationLayout`): int8 codes, and for each group of `group`
    columns (0: the whole row) a scale and the sum of the codes. With `zeros` there is also a zero point, as ONNX
    DynamicQuantizeLinear chooses it. With `paired` the codes lie as the halfwords that some machines multiply.

    Constraints:
    * (C1) `group` is a multiple of 32, or 0.
    * (C2) only whole rows have zero points.
    * (C3) rows with zero points are not paired.

    Examples: `tensor<1x288x!edgelm.int8_rows<32>>`, `tensor<1x288x!edgelm.int8_rows<0 zeros = true>>`
  }];
  let parameters = (ins "int64_t":$group, DefaultValuedParameter<"bool", "false">:$zeros,
      DefaultValuedParameter<"bool", "false">:$paired);
  let assemblyFormat = "`<` $group (`zeros` `=` $zeros^)? (`paired` `=` $paired^)? `>`";
  let genVerifyDecl = 1;
}

def EdgeLM_Int8CacheType : EdgeLM_Type<"Int8Cache", "int8_cache"> {
  let summary = "Element of a key or value cache that was quantized row by row";
  let description = [{
    A row, of one head and position, is a block of bytes (`ActivationLayout`, compact): int8 codes and one scale, quantized as
    by `edgelm.quantize_rows`.

    Example: `tensor<6x256x48x!edgelm.int8_cache>`
  }];
}

/// What all tensors hold but weights in a number format, quantized activations and caches, which only few operations know.
def EdgeLM_Element : Type<
    CPred<"!::llvm::isa<::edgelm::QType, ::edgelm::Int8RowsType, ::edgelm::Int8CacheType>($_self)">, "plain element">;
def EdgeLM_Tensor : RankedTensorOf<[EdgeLM_Element]>;
/// Floats, or a number format.
def EdgeLM_WeightElement : Type<CPred<"::llvm::isa<::mlir::FloatType, ::edgelm::QType>($_self)">, "float or format">;
def EdgeLM_WeightTensor : RankedTensorOf<[EdgeLM_WeightElement]>;
/// What a linear reads and a norm writes.
def EdgeLM_ActivationElement
    : Type<CPred<"!::llvm::isa<::edgelm::QType, ::edgelm::Int8CacheType>($_self)">, "plain element or quantized activation">;
def EdgeLM_ActivationTensor : RankedTensorOf<[EdgeLM_ActivationElement]>;

/// What a cache holds.
def EdgeLM_CacheElement
    : Type<CPred<"!::llvm::isa<::edgelm::QType, ::edgelm::Int8RowsType>($_self)">, "plain element or quantized row">;
def EdgeLM_CacheTensor : RankedTensorOf<[EdgeLM_CacheElement]>;

/// What a product holds.
def EdgeLM_StoredElement : Type<
    CPred<"!::llvm::isa<::edgelm::Int8RowsType, ::edgelm::Int8CacheType>($_self)">, "plain element or format">;
def EdgeLM_StoredTensor : RankedTensorOf<[EdgeLM_StoredElement]>;

class EdgeLM_Op<string mnemonic, list<Trait> traits = []> : Op<EdgeLM_Dialect, mnemonic, !listconcat([Pure], traits)>;

/// An operation whose result types follow from operand types, attributes and constant operands (`InferTypes*.cpp`). A result
/// type may know more than what is inferred: `?` agrees with any size.
class EdgeLM_InferringOp<string mnemonic, list<Trait> traits = []>
    : EdgeLM_Op<mnemonic, !listconcat([InferTypeOpAdaptor], traits)> {
  let extraClassDeclaration = [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange left, ::mlir::TypeRange right) {
      return ::edgelm::areCompatible(left, right);
    }
    static ::llvm::LogicalResult refineReturnTypes(::mlir::MLIRContext *context, std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties,
        ::mlir::RegionRange regions, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      ::llvm::SmallVector<::mlir::Type> inferred;
      if (failed(inferReturnTypes(context, location, operands, attributes, properties, regions, inferred)))
        return ::llvm::failure();
      return ::edgelm::mergeTypes(location, getOperationName(), inferred, types);
    }
  }];
}

/// An operation with ONNX semantics and one result.
class EdgeLM_AlgebraOp<string mnemonic, list<Trait> traits = []> : EdgeLM_InferringOp<mnemonic, traits> {
  let results = (outs EdgeLM_Tensor:$result);
}

#endif // EDGELM_BASE_TD
