// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: %python -c "import struct; open('w.bin', 'wb').write(struct.pack('<24f', 1, 2, 3, 4, 5, 6,  1, 3, 5, 2, 4, 6,  1, 3, 5, 2, 4, 7,  1, 2, 3, 4, 5, 6))"
// RUN: edgelm-opt %s --edgelm-share-tables --edgelm-drop-unused | FileCheck %s

// Rows (1, 2), (3, 4), (5, 6); its transpose; that with another last number; the table again.
#table = #edgelm.weight<"w.bin", 0, 24, "24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202">
#head = #edgelm.weight<"w.bin", 24, 24, "e00c4c7c0e3c9bb2b80dc694a096caf6c414d42d782e42126dbcdf71dfe07f30">
#other = #edgelm.weight<"w.bin", 48, 24, "ec2ca3e7d7a4a1f58bb58fb061a0d08903b0a75c93db4e9d1d6671691d93f478">
#copy = #edgelm.weight<"w.bin", 72, 24, "24ae2dfe8df57c1b80e54cef3d90ac3b417fd98973345a5f616bbc9a75dcc202">

// CHECK-LABEL: @a_transposed_copy_is_the_table
// CHECK-NOT: tensor<2x3xf32>
// CHECK: edgelm.linear %{{.*}} weights(%{{.*}}) {transposed = array<i1: false>} : (tensor<1x2xf32>, tensor<3x2xf32>)
func.func @a_transposed_copy_is_the_table(%tokens: tensor<1xi32>) -> tensor<1x3xf32> {
  %table = edgelm.weight #table : tensor<3x2xf32>
  %head = edgelm.weight #head : tensor<2x3xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %0 = edgelm.linear %x weights(%head) {transposed = array<i1: true>} : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}

// CHECK-LABEL: @a_copy_elsewhere_is_the_table
// CHECK: edgelm.weight <"w.bin", 0, 24,
// CHECK-NOT: <"w.bin", 72, 24,
func.func @a_copy_elsewhere_is_the_table(%tokens: tensor<1xi32>) -> tensor<1x3xf32> {
  %table = edgelm.weight #table : tensor<3x2xf32>
  %head = edgelm.weight #copy : tensor<3x2xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %0 = edgelm.linear %x weights(%head) {transposed = array<i1: false>} : (tensor<1x2xf32>, tensor<3x2xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}

// CHECK-LABEL: @negative_one_number_differs
// CHECK: edgelm.linear %{{.*}} weights(%{{.*}}) {transposed = array<i1: true>} : (tensor<1x2xf32>, tensor<2x3xf32>)
func.func @negative_one_number_differs(%tokens: tensor<1xi32>) -> tensor<1x3xf32> {
  %table = edgelm.weight #table : tensor<3x2xf32>
  %head = edgelm.weight #other : tensor<2x3xf32>
  %x = edgelm.embed %tokens, %table : (tensor<1xi32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %0 = edgelm.linear %x weights(%head) {transposed = array<i1: true>} : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}
