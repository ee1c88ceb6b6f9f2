// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pieces of the sampler that its tests look at.
#pragma once

#include <stdint.h>

/// e^x for x <= 0, 0 from -87 on; relative error below 1.5e-7, without libm and the same on every target.
float edgelm_rt_exp(float x);

/// The next of the generator's numbers (SplitMix64, Steele et al. 2014): uniform in 64 bits.
uint64_t edgelm_rt_random(uint64_t *state);
