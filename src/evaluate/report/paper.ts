/**
 * The numbers of ARGS (Khanov et al., ICLR 2024) with LLaMA-7B, to stand beside one's own: HH-RLHF, k = 10, w = 1.5 additive
 * (here: 0.6 interpolated), 128 new tokens, GPT-4 as judge. Rewards are on the scale of the paper's own reward model.
 */
export const PAPER = {
  greedy: { reward: 0.199, diversity: 11.69, coherence: 0.78 },
  argsGreedy: { reward: 0.238, diversity: 24.97, coherence: 0.76 },
  /** Per cent. */
  rewardGain: 19.56,
  winTie: { "HH-RLHF": 64.33, SHP: 72.33 },
} as const;
