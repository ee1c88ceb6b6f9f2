// RUN: edgelm-opt %s --split-input-file --edgelm-fold-constants --verify-diagnostics

func.func @an_index_outside_the_table_is_refused() -> tensor<1xi64> {
  %x = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  %i = edgelm.constant dense<2> : tensor<1xi64>
  // expected-error @below {{reads index 2 of a dimension of size 2}}
  %y = edgelm.gather %x, %i {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %y : tensor<1xi64>
}

// -----

func.func @a_function_without_meaning_on_the_type_is_refused() -> tensor<2xi64> {
  %x = edgelm.constant dense<[1, 2]> : tensor<2xi64>
  // expected-error @below {{function "exp" has no meaning on 'i64'}}
  %y = edgelm.unary "exp" %x : (tensor<2xi64>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}
