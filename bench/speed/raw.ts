/** llama.cpp itself, by hand: bench/native/raw_bench.cc. */
import { buildBench } from "../lib/native-bench.js";
import { LineChild } from "./line-child.js";
import { Outsider, PromptTokens, type Rivalry } from "./outsider.js";

export const RAW = {
  plain: "llama.cpp: plain decoding",
  pools: ["llama.cpp by hand, no thread pool", "llama.cpp by hand, pool, polling 0", "llama.cpp by hand, pool, polling 50"],
  norm: "llama.cpp by hand, stopped at the norm",
} as const;

const RIVALS: readonly [name: string, rival: string][] = [
  [RAW.plain, "plain"],
  [RAW.pools[0], "no-pool"],
  [RAW.pools[1], "poll-0"],
  [RAW.pools[2], "poll-50"],
  [RAW.norm, "norm"],
];

/** A policy decode and a decode of k tokens, in turn. */
export function rawRivals(rivalry: Rivalry): { contenders: Outsider[]; child: LineChild } {
  const { decoder, engineDir, contextSize, topK, threads } = rivalry;
  const [reward = decoder.info.policy] = decoder.info.rewards;
  const program = buildBench("raw_bench");
  const child = new LineChild(program, [engineDir, decoder.info.policy.path, reward.path, ...[contextSize, topK, threads].map(String)]);
  const tokens = new PromptTokens(rivalry);
  return { contenders: RIVALS.map(([name, rival]) => new Outsider(name, rival, child, tokens)), child };
}
