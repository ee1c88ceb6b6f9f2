# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Libraries from Debian's packages; nothing is downloaded.

find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(GTest REQUIRED)
find_package(Protobuf REQUIRED)
find_package(Threads REQUIRED)
find_package(ONNX REQUIRED CONFIG)
find_library(EDGELM_UTF8PROC utf8proc REQUIRED)
