// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What entry points consist of after lowering to kernels: launches and polls.
#ifndef EDGELM_LAUNCH_OPS_TD
#define EDGELM_LAUNCH_OPS_TD

include "Dialect/EdgeLMBase.td"

def EdgeLM_LaunchOp : Op<EdgeLM_Dialect, "launch"> {
  let summary = "Run a kernel over its work items, on the session's threads";
  let description = [{
    Calls `kernel(buffers..., pos, n, begin, end)` over parts of `[0, items)` and ends when all are done: `edgelm_rt_launch`
    (docs/plan.md section 1). `context` is the entry's first argument.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, AnyType:$context, Variadic<AnyMemRef>:$buffers, I32:$pos, I32:$n,
      I32Attr:$items);
  let assemblyFormat = [{$kernel `(` $buffers `)` `at` $pos `count` $n `items` $items `in` $context attr-dict
    `:` type($context) `,` type($buffers)}];
}

def EdgeLM_PollOp : Op<EdgeLM_Dialect, "poll"> {
  let summary = "Whether the call must end";
  let description = [{
    The status with which the entry must return at once, 0 to go on: `edgelm_rt_poll`.
  }];
  let arguments = (ins AnyType:$context);
  let results = (outs I32:$status);
  let assemblyFormat = "$context attr-dict `:` type($context)";
}

#endif // EDGELM_LAUNCH_OPS_TD
