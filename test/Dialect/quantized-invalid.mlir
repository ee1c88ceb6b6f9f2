// RUN: edgelm-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{(C1) expects a quantized format, got "int9"; known formats: int8, int8_g32, int6_g64,}}
func.func private @q_c1_unknown(tensor<2x64x!edgelm.q<"int9">>)

// -----

// expected-error @below {{(C1) expects a quantized format, got "f16"}}
func.func private @q_c1_float(tensor<2x64x!edgelm.q<"f16">>)

// -----

// An alias would be a second name of one type.
// expected-error @below {{(C1) expects a quantized format, got "int4"}}
func.func private @q_c1_alias(tensor<2x64x!edgelm.q<"int4">>)

// -----

// expected-error @below {{(C1) expects a group that is 0 or a multiple of 32, got 48}}
func.func private @int8_rows_c1(tensor<2x96x!edgelm.int8_rows<48>>)

// -----

// expected-error @below {{(C2) expects zero points for whole rows only, got groups of 32}}
func.func private @int8_rows_c2(tensor<2x96x!edgelm.int8_rows<32 zeros = true>>)

// -----

// expected-error @below {{(C3) expects rows with zero points not to be paired}}
func.func private @int8_rows_c3(tensor<2x96x!edgelm.int8_rows<0 zeros = true paired = true>>)

// -----

func.func @only_few_operations_know_formats(%w: tensor<2x64x!edgelm.q<"int8">>) {
  // expected-error @below {{operand #0 must be ranked tensor of plain element values}}
  %0 = edgelm.unary "neg" %w : (tensor<2x64x!edgelm.q<"int8">>) -> tensor<2x64x!edgelm.q<"int8">>
  return
}

// -----

func.func @only_few_operations_know_quantized_rows(%x: tensor<2x64x!edgelm.int8_rows<0>>) {
  // expected-error @below {{operand #0 must be ranked tensor of plain element values}}
  %0 = edgelm.reshape %x : (tensor<2x64x!edgelm.int8_rows<0>>) -> tensor<1x2x64x!edgelm.int8_rows<0>>
  return
}

// -----

func.func @quantize_weight_c1(%w: tensor<2x64xi8>) {
  // expected-error @below {{(C1) expects a matrix of floats, got 'tensor<2x64xi8>'}}
  %0 = edgelm.quantize_weight %w along 1 : tensor<2x64xi8> to tensor<2x64x!edgelm.q<"int8">>
  return
}

// -----

func.func @quantize_weight_c2(%w: tensor<2x64xf32>) {
  // expected-error @below {{(C2) expects a result of the shape of 'tensor<2x64xf32>'}}
  %0 = edgelm.quantize_weight %w along 1 : tensor<2x64xf32> to tensor<64x2x!edgelm.q<"int8">>
  return
}

// -----

func.func @quantize_weight_c3(%w: tensor<2x64xf32>) {
  // expected-error @below {{(C3) expects groups along axis 0 or 1, got 2}}
  %0 = edgelm.quantize_weight %w along 2 : tensor<2x64xf32> to tensor<2x64x!edgelm.q<"int8">>
  return
}

// -----

func.func @quantize_rows_c1(%x: tensor<2x64xf16>) {
  // expected-error @below {{(C1) expects rows of f32, got 'tensor<2x64xf16>'}}
  %0 = edgelm.quantize_rows %x : tensor<2x64xf16> to tensor<2x64x!edgelm.int8_rows<0>>
  return
}

// -----

func.func @quantize_rows_c2(%x: tensor<2x64xf32>) {
  // expected-error @below {{(C2) expects int8_rows of the shape of 'tensor<2x64xf32>'}}
  %0 = edgelm.quantize_rows %x : tensor<2x64xf32> to tensor<2x32x!edgelm.int8_rows<0>>
  return
}

// -----

func.func @linear_c5(%x: tensor<2x64xf32>, %a: tensor<8x64x!edgelm.q<"int8">>, %b: tensor<8x64xf32>) {
  // expected-error @below {{(C5) expects weights of one number format}}
  %0 = edgelm.linear %x weights(%a, %b) {transposed = array<i1: false, false>} : (tensor<2x64xf32>, tensor<8x64x!edgelm.q<"int8">>, tensor<8x64xf32>) -> tensor<2x16xf32>
  return
}

// -----

func.func @linear_c6_group(%x: tensor<2x64x!edgelm.int8_rows<32>>, %w: tensor<8x64x!edgelm.q<"int4p_g64">>) {
  // expected-error @below {{(C6) expects activations in groups of 0, as '!edgelm.q<"int4p_g64">' has them}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<2x64x!edgelm.int8_rows<32>>, tensor<8x64x!edgelm.q<"int4p_g64">>) -> tensor<2x8xf32>
  return
}

// -----

func.func @linear_c6_float(%x: tensor<2x64x!edgelm.int8_rows<32>>, %w: tensor<8x64xf32>) {
  // expected-error @below {{(C6) has quantized activations, so it expects weights of a number format, got 'tensor<8x64xf32>'}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<2x64x!edgelm.int8_rows<32>>, tensor<8x64xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @linear_c7_zeros(%x: tensor<1x65568x!edgelm.int8_rows<0 zeros = true>>, %w: tensor<8x65568x!edgelm.q<"int8_sums">>) {
  // expected-error @below {{(C7) expects at most 65536 columns, got 'tensor<1x65568x!edgelm.int8_rows<0 zeros = true>>'}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x65568x!edgelm.int8_rows<0 zeros = true>>, tensor<8x65568x!edgelm.q<"int8_sums">>) -> tensor<1x8xf32>
  return
}

// -----

func.func @linear_c6_zeros(%x: tensor<1x64x!edgelm.int8_rows<0>>, %w: tensor<8x64x!edgelm.q<"int8_sums">>) {
  // expected-error @below {{(C6) expects activations with zero points, as '!edgelm.q<"int8_sums">' has them, got 'tensor<1x64x!edgelm.int8_rows<0>>'}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x64x!edgelm.int8_rows<0>>, tensor<8x64x!edgelm.q<"int8_sums">>) -> tensor<1x8xf32>
  return
}

// -----

func.func @linear_c6_no_zeros(%x: tensor<1x64x!edgelm.int8_rows<0 zeros = true>>, %w: tensor<8x64x!edgelm.q<"int8">>) {
  // expected-error @below {{(C6) expects activations without zero points, as '!edgelm.q<"int8">' has them}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x64x!edgelm.int8_rows<0 zeros = true>>, tensor<8x64x!edgelm.q<"int8">>) -> tensor<1x8xf32>
  return
}

// -----

func.func @linear_c7(%x: tensor<1x131136x!edgelm.int8_rows<0>>, %w: tensor<8x131136x!edgelm.q<"int8">>) {
  // expected-error @below {{(C7) expects at most 131072 columns, got 'tensor<1x131136x!edgelm.int8_rows<0>>'}}
  %0 = edgelm.linear %x weights(%w) {transposed = array<i1: false>} : (tensor<1x131136x!edgelm.int8_rows<0>>, tensor<8x131136x!edgelm.q<"int8">>) -> tensor<1x8xf32>
  return
}

// -----

func.func @norm_keeps_its_shape(%x: tensor<2x64xf32>, %w: tensor<64xf32>) {
  // expected-error @below {{has the result type 'tensor<1x64x!edgelm.int8_rows<0>>', but its operands give 'tensor<2x64xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = edgelm.rms_norm %x, %w {epsilon = 1.0e-05 : f64} : (tensor<2x64xf32>, tensor<64xf32>) -> tensor<1x64x!edgelm.int8_rows<0>>
  return
}

// -----

func.func @packed_weight_c4() {
  // expected-error @below {{(C4) expects a panel and the types that its sources are stored as}}
  %0 = edgelm.packed_weight [#edgelm.weight<"m", 0, 2048, "01">] stored_as [f32] panel 0 at 0 {transposed = array<i1: false>} : tensor<8x64x!edgelm.q<"int8">>
  return
}

// -----

func.func @packed_weight_c4_of_floats() {
  // expected-error @below {{(C4) expects 'columns_apart' of quantized weights alone, got 'tensor<8x64xf32>'}}
  %0 = edgelm.packed_weight [#edgelm.weight<"m", 0, 2048, "01">] panel 8 columns_apart at 0 {transposed = array<i1: false>} : tensor<8x64xf32>
  return
}

// -----

#file = #edgelm.weight<"m", 0, 512, "01">
func.func @a_weight_in_a_file_has_no_format() {
  // expected-error @below {{must be ranked tensor of plain element values}}
  %0 = edgelm.weight #file : tensor<8x64x!edgelm.q<"int8">>
  return
}

// -----

func.func @coded_weight_c1() {
  // expected-error @below {{(C1) expects codes, scales and perhaps zero points, and a tensor type for each}}
  %0 = edgelm.coded_weight <[dense<1> : tensor<2x64xi8>], [tensor<2x64xi8>] axis 0 block 0> : tensor<2x64xf32>
  return
}

// -----

func.func @coded_weight_c2() {
  // expected-error @below {{(C2) expects a matrix of f32 or of a number format, got 'tensor<128xf32>'}}
  %0 = edgelm.coded_weight <[dense<1> : tensor<2x64xi8>, dense<0.5> : tensor<2xf32>], [tensor<2x64xi8>, tensor<2xf32>] axis 0 block 0> : tensor<128xf32>
  return
}

// -----

func.func @packed_weight_c5() {
  // expected-error @below {{(C5) expects codes of 8 bits without row sums where they are paired, got 'tensor<8x64x!edgelm.q<"int4_g32">>'}}
  %0 = edgelm.packed_weight [#edgelm.weight<"m", 0, 2048, "01">] stored_as [f32] panel 4 paired at 0 {transposed = array<i1: false>} : tensor<8x64x!edgelm.q<"int4_g32">>
  return
}
