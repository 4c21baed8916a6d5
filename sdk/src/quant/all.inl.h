// The Packing of every computed type; for kernels/target.cpp.
#pragma once

#include "quant/bf16.inl.h"
#include "quant/f16.inl.h"
#include "quant/f32.inl.h"
#include "quant/iq4_nl.inl.h"
#include "quant/q2_k.inl.h"
#include "quant/q3_k.inl.h"
#include "quant/q4_0.inl.h"
#include "quant/q4_1.inl.h"
#include "quant/q4_k.inl.h"
#include "quant/q5_0.inl.h"
#include "quant/q5_1.inl.h"
#include "quant/q5_k.inl.h"
#include "quant/q6_k.inl.h"
#include "quant/q8_0.inl.h"
