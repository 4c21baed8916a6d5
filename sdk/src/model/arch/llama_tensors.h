// Tensor names that the Llama-like families share.
#pragma once

#include "model/arch/architecture.h"

// clang-format off
#define SOTTO_LLAMA_EMBEDDINGS                                                                                                          \
  {Role::token_embedding, "token_embd.weight", "model.embed_tokens.weight", Dim::vocab, Dim::dim},                                      \
  {Role::output_norm, "output_norm.weight", "model.norm.weight", Dim::dim},                                                             \
  {Role::head, "output.weight", "lm_head.weight", Dim::vocab, Dim::dim}

#define SOTTO_LLAMA_ATTENTION                                                                                                           \
  {Role::attn_norm, "blk.{}.attn_norm.weight", "model.layers.{}.input_layernorm.weight", Dim::dim},                                     \
  {Role::q, "blk.{}.attn_q.weight", "model.layers.{}.self_attn.q_proj.weight", Dim::q, Dim::dim},                                       \
  {Role::k, "blk.{}.attn_k.weight", "model.layers.{}.self_attn.k_proj.weight", Dim::kv, Dim::dim},                                      \
  {Role::v, "blk.{}.attn_v.weight", "model.layers.{}.self_attn.v_proj.weight", Dim::kv, Dim::dim},                                      \
  {Role::attn_out, "blk.{}.attn_output.weight", "model.layers.{}.self_attn.o_proj.weight", Dim::dim, Dim::q}

#define SOTTO_LLAMA_QKV_BIASES(need)                                                                                                    \
  {Role::q_bias, "blk.{}.attn_q.bias", "model.layers.{}.self_attn.q_proj.bias", Dim::q, Dim::none, need},                               \
  {Role::k_bias, "blk.{}.attn_k.bias", "model.layers.{}.self_attn.k_proj.bias", Dim::kv, Dim::none, need},                              \
  {Role::v_bias, "blk.{}.attn_v.bias", "model.layers.{}.self_attn.v_proj.bias", Dim::kv, Dim::none, need}

#define SOTTO_QK_NORMS                                                                                                                  \
  {Role::q_norm, "blk.{}.attn_q_norm.weight", "model.layers.{}.self_attn.q_norm.weight", Dim::head},                                    \
  {Role::k_norm, "blk.{}.attn_k_norm.weight", "model.layers.{}.self_attn.k_norm.weight", Dim::head}

#define SOTTO_LLAMA_MLP                                                                                                                 \
  {Role::gate, "blk.{}.ffn_gate.weight", "model.layers.{}.mlp.gate_proj.weight", Dim::ffn, Dim::dim},                                   \
  {Role::up, "blk.{}.ffn_up.weight", "model.layers.{}.mlp.up_proj.weight", Dim::ffn, Dim::dim},                                         \
  {Role::down, "blk.{}.ffn_down.weight", "model.layers.{}.mlp.down_proj.weight", Dim::dim, Dim::ffn}

#define SOTTO_LLAMA_FFN_NORM                                                                                                            \
  {Role::ffn_norm, "blk.{}.ffn_norm.weight", "model.layers.{}.post_attention_layernorm.weight", Dim::dim}
// clang-format on
