# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small language models, trained and exported to ONNX."""
