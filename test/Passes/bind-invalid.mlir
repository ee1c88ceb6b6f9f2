// RUN: edgelm-opt %s --split-input-file --edgelm-bind --verify-diagnostics

// expected-error @below {{dimension 1 (width) of argument "x" is not fixed; give it with dims=width:number}}
func.func @main(%x: tensor<?x?xf32> {edgelm.name = "x", edgelm.role = "input", edgelm.dims = ["batch", "width"]}) -> tensor<?x?xf32> {
  return %x : tensor<?x?xf32>
}

// -----

// expected-error @below {{argument "past" has the role past_key and type 'tensor<?x2x7x4xf32>', expected a dimension of any size for past tokens}}
func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %past: tensor<?x2x7x4xf32> {edgelm.name = "past", edgelm.role = "past_key"}) -> tensor<?x?xi64> {
  return %ids : tensor<?x?xi64>
}

// -----

// expected-error @below {{argument "mask" has the role attention_mask and type 'tensor<?x1x?x?xf32>', expected [batch, sequence]}}
func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"},
                %mask: tensor<?x1x?x?xf32> {edgelm.name = "mask", edgelm.role = "attention_mask"}) -> tensor<?x?xi64> {
  return %ids : tensor<?x?xi64>
}

// -----

func.func @main(%ids: tensor<?x?xi64> {edgelm.name = "ids", edgelm.role = "tokens"}) -> tensor<2x?xi64> {
  // expected-error @below {{the shape of a result depends on the input's values: 'tensor<2x?xi64>'}}
  %0 = edgelm.nonzero %ids : (tensor<?x?xi64>) -> tensor<2x?xi64>
  return %0 : tensor<2x?xi64>
}

// -----

// expected-error @below {{expects a function @main}}
module {
}
