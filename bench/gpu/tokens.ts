/**
 * Does a GPU choose the CPU's tokens? The embedded pair, or another, on both, in each mode: how many tokens are equal up to each response's
 * first other one, and how far the rewards on them lie apart. Weights that are not F32 round otherwise on another device.
 *
 *   npm run bench -- gpu/tokens [--gpu vulkan] [--policy P.gguf --reward R.gguf] [--prompts 8] [--tokens 32]
 */
import { parseArgs } from "node:util";
import { defaultPrompts } from "../../src/bench/prompts.js";
import { type Decoder, EMBEDDED, type GenerateOptions, type GenerateResult, type Gpu, load } from "../../src/index.js";

const text = { type: "string" } as const;
const { values: flags } = parseArgs({
  options: {
    ...{
      gpu: { ...text, default: "vulkan" },
      policy: { ...text, default: EMBEDDED.policy },
      reward: { ...text, default: EMBEDDED.reward },
    },
    ...{ prompts: { ...text, default: "8" }, tokens: { ...text, default: "32" } },
  },
});

const MODES: Readonly<Record<string, GenerateOptions>> = {
  greedy: { method: "greedy" },
  ARGS: {},
  "ARGS, additive": { combine: "additive", weight: 1.5 },
  lookahead: { lookahead: "auto" },
  "bound gate": { gate: "bound" },
  sampled: { select: "stochastic" },
};
const SLOTS = [1, 4];

const prompts = await defaultPrompts(Number(flags.prompts));
const gpu = await opened(flags.gpu as Gpu);
const cpu = await opened(false);
for (const [name, options] of Object.entries(MODES)) {
  const call = { ...options, maxTokens: Number(flags.tokens), ending: "never", seed: 1 } as const;
  const reference = await answers(cpu.get(1), call);
  for (const slots of SLOTS)
    console.log(`${name}, slots on the GPU: ${slots}: ${compared(await answers(gpu.get(slots), call), reference)}`);
}
for (const decoder of [...gpu.values(), ...cpu.values()]) await decoder.dispose();

async function opened(where: Gpu): Promise<Map<number, Decoder>> {
  const found = new Map<number, Decoder>();
  const { policy, reward } = flags;
  for (const slots of where === false ? [1] : SLOTS) {
    // The engine that has the GPU has the CPU, too: a process has one engine.
    found.set(slots, await load({ policy, reward, slots, contextSize: 1024, gpu: where }));
  }
  return found;
}

async function answers(decoder: Decoder | undefined, options: GenerateOptions): Promise<GenerateResult[]> {
  return decoder === undefined ? [] : decoder.generateAll(prompts, options);
}

function compared(found: readonly GenerateResult[], reference: readonly GenerateResult[]): string {
  let [equal, all, apart] = [0, 0, 0];
  for (const [at, { tokens, rewards }] of reference.entries()) {
    const own = found[at];
    const first = tokens.findIndex((token, index) => own?.tokens[index] !== token);
    const same = first < 0 ? tokens.length : first;
    equal += same;
    all += first < 0 ? same : same + 1;
    for (const [index, reward] of rewards.slice(0, same).entries()) {
      const other = own?.rewards[index];
      if (reward !== null && other !== null && other !== undefined) apart = Math.max(apart, Math.abs(reward - other));
    }
  }
  return `${equal} of ${all} tokens equal, rewards at most ${apart.toFixed(4)} apart`;
}
