/** Small random models whose layers, or some of them, keep a state instead of keys and values. */
import {
  type Architecture,
  ATTENTION,
  GATED,
  HEAD,
  HEAD_NORMS,
  INNER,
  KV_HEADS,
  NORMS,
  type Shapes,
  u32,
  WIDTH,
  WINDOW,
} from "./layer-shapes.js";

/** Recurrent in one layer, attention in the next. */
const ALTERNATING = { "attention.head_count_kv": { type: "i32[]", value: [0, KV_HEADS, 0, KV_HEADS] } } as const;
const SSM_HEADS = 4;
const STATE = 16;
const [SSM, CONVOLUTION, RANK] = [2 * WIDTH, 4, 2];
const DELTA = STATE * SSM_HEADS;
const [LORA, WKV_HEAD] = [8, 64];

const MAMBA2: Shapes = [
  ["ssm_in.weight", WIDTH, 2 * SSM + 2 * STATE + SSM_HEADS],
  ["ssm_conv1d.weight", CONVOLUTION, SSM + 2 * STATE],
  ["ssm_conv1d.bias", SSM + 2 * STATE],
  ["ssm_dt.bias", SSM_HEADS],
  ["ssm_a", 1, SSM_HEADS],
  ["ssm_d", 1, SSM_HEADS],
  ["ssm_norm.weight", SSM, 1],
  ["ssm_out.weight", SSM, WIDTH],
];

const SHORT_CONVOLUTIONS = {
  name: "lfm2",
  finalNorm: "token_embd_norm.weight",
  layer: [
    ...[...NORMS, ...GATED],
    ["shortconv.conv.weight", 3, WIDTH],
    ["shortconv.in_proj.weight", WIDTH, 3 * WIDTH],
    ["shortconv.out_proj.weight", WIDTH, WIDTH],
  ],
  second: [...NORMS, ...ATTENTION, ...GATED, ...HEAD_NORMS],
  keys: { ...ALTERNATING, "shortconv.l_cache": u32(3) },
} as const satisfies Architecture;

export const RECURRENT = {
  "short convolutions": SHORT_CONVOLUTIONS,
  "short convolutions and a sliding window": {
    ...SHORT_CONVOLUTIONS,
    keys: { ...SHORT_CONVOLUTIONS.keys, "attention.sliding_window": u32(WINDOW) },
  },
  /** Mamba-2 and attention. */
  "state spaces and attention": {
    name: "granitehybrid",
    layer: [...NORMS, ...GATED, ...MAMBA2],
    second: [...NORMS, ...ATTENTION, ...GATED],
    keys: { ...ALTERNATING, ...stateSpace({ state: STATE, rank: SSM_HEADS, groups: 1 }) },
  },
  /** Falcon-H1: both in each layer. */
  "state spaces beside attention": {
    name: "falcon-h1",
    layer: [...ATTENTION, ...GATED, ...MAMBA2, ["attn_norm.weight", WIDTH], ["ffn_norm", WIDTH]],
    keys: stateSpace({ state: STATE, rank: SSM_HEADS }),
  },
  /** No attention at all. */
  "state spaces": {
    name: "mamba",
    layer: [
      ["attn_norm.weight", WIDTH],
      ["ssm_in.weight", WIDTH, 2 * SSM],
      ["ssm_conv1d.weight", CONVOLUTION, SSM],
      ["ssm_conv1d.bias", SSM],
      ["ssm_x.weight", SSM, RANK + 2 * STATE],
      ["ssm_dt.weight", RANK, SSM],
      ["ssm_dt.bias", SSM],
      ["ssm_a", STATE, SSM],
      ["ssm_d", SSM],
      ["ssm_out.weight", SSM, WIDTH],
    ],
    keys: { "attention.head_count": u32(0), "attention.head_count_kv": u32(0), ...stateSpace({ state: STATE, rank: RANK }) },
  },
  /** RWKV-7: no attention, and two tokens of each layer's input beside the state. */
  "weighted keys and values": {
    name: "rwkv7",
    layer: [
      ...["attn_norm", "attn_norm_2"].flatMap((norm) => [[`${norm}.weight`, WIDTH] as const, [`${norm}.bias`, WIDTH] as const]),
      ...["w0", "a0", "v0", "k_k", "k_a", "r_k"].map((part) => [`time_mix_${part}.weight`, WIDTH] as const),
      ...["w1", "a1", "v1", "g1"].map((part) => [`time_mix_${part}.weight`, WIDTH, LORA] as const),
      ...["w2", "a2", "v2", "g2"].map((part) => [`time_mix_${part}.weight`, LORA, WIDTH] as const),
      ["time_mix_lerp_fused.weight", WIDTH, 1, 1, 6],
      ...["key", "value", "receptance", "output"].map((part) => [`time_mix_${part}.weight`, WIDTH, WIDTH] as const),
      ["time_mix_ln.weight", WIDTH],
      ["time_mix_ln.bias", WIDTH],
      ["channel_mix_lerp_k.weight", WIDTH, 1, 1],
      ["channel_mix_key.weight", WIDTH, INNER],
      ["channel_mix_value.weight", INNER, WIDTH],
    ],
    others: [
      ["token_embd_norm.weight", WIDTH],
      ["token_embd_norm.bias", WIDTH],
      ["output_norm.bias", WIDTH],
    ],
    keys: {
      "attention.head_count": u32(0),
      "attention.head_count_kv": u32(0),
      "attention.layer_norm_epsilon": { type: "f32", value: 1e-5 },
      "wkv.head_size": u32(WKV_HEAD),
      "attention.decay_lora_rank": u32(LORA),
      "attention.iclr_lora_rank": u32(LORA),
      "attention.value_residual_mix_lora_rank": u32(LORA),
      "attention.gate_lora_rank": u32(LORA),
      token_shift_count: u32(2),
    },
  },
  /** Qwen3.5: gated delta rule, and attention with a gate. */
  "a delta rule": {
    name: "qwen35",
    layer: [
      ...GATED,
      ["attn_norm.weight", WIDTH],
      ["post_attention_norm.weight", WIDTH],
      ["attn_qkv.weight", WIDTH, 3 * DELTA],
      ["attn_gate.weight", WIDTH, DELTA],
      ["ssm_conv1d.weight", CONVOLUTION, 3 * DELTA],
      ["ssm_dt.bias", SSM_HEADS],
      ["ssm_a", SSM_HEADS],
      ["ssm_beta.weight", WIDTH, SSM_HEADS],
      ["ssm_alpha.weight", WIDTH, SSM_HEADS],
      ["ssm_norm.weight", STATE],
      ["ssm_out.weight", DELTA, WIDTH],
    ],
    second: [
      ...[...GATED, ...HEAD_NORMS],
      ["attn_norm.weight", WIDTH],
      ["post_attention_norm.weight", WIDTH],
      ["attn_q.weight", WIDTH, 2 * WIDTH],
      ["attn_k.weight", WIDTH, KV_HEADS * HEAD],
      ["attn_v.weight", WIDTH, KV_HEADS * HEAD],
      ["attn_output.weight", WIDTH, WIDTH],
    ],
    keys: {
      full_attention_interval: u32(2),
      "rope.dimension_sections": { type: "i32[]", value: [1, 1, 2, 0] },
      ...stateSpace({ state: STATE, rank: SSM_HEADS, groups: SSM_HEADS, inner: DELTA }),
    },
  },
} as const satisfies Record<string, Architecture>;

function stateSpace({ state, rank, groups = 1, inner = SSM }: { state: number; rank: number; groups?: number; inner?: number }) {
  return {
    "ssm.conv_kernel": u32(CONVOLUTION),
    "ssm.inner_size": u32(inner),
    "ssm.state_size": u32(state),
    "ssm.time_step_rank": u32(rank),
    "ssm.group_count": u32(groups),
  };
}
