/** Decodes prompts as a search does, and keeps what its reward model saw: each prompt once, whatever interrupts. */
import { createHash } from "node:crypto";
import type { LocalDecoder } from "../../decode/local-decoder.js";
import { ArgsearchError, type ErrorCode } from "../../errors.js";
import type { KeyedLines } from "../../files/keyed-lines.js";
import type { Prompt, Step } from "../../types.js";
import type { ResolvedPredict } from "./options.js";
import type { Trajectory } from "./trajectory.js";

export interface Collected {
  /** One a prompt. */
  trajectories: Trajectory[];
  steps: number;
}

/** What is wrong with one prompt and not with the models or the machine. */
const OF_THE_PROMPT: readonly ErrorCode[] = ["PROMPT_EMPTY", "PROMPT_TOO_LONG", "TEMPLATE_INVALID", "SAMPLERS_LEAVE_NOTHING"];

/**
 * Prompts in their order until there are enough steps, as many at once as the decoder has slots: groups of them, so that a run which was
 * interrupted decodes the others as it would have.
 */
export async function collect(
  decoder: LocalDecoder,
  prompts: readonly Prompt[],
  kept: KeyedLines<Trajectory>,
  options: ResolvedPredict,
): Promise<Collected> {
  const collected: Collected = { trajectories: [], steps: 0 };
  options.onProgress({ phase: "decode", done: 0, total: options.steps });
  for (let at = 0; at < prompts.length && collected.steps < options.steps; at += options.slots) {
    const group = prompts.slice(at, at + options.slots);
    for (const trajectory of await readGroup(decoder, group, kept, options)) {
      if (trajectory === undefined) continue;
      collected.trajectories.push(trajectory);
      collected.steps += trajectory.counts.length;
    }
    options.onProgress({ phase: "decode", done: Math.min(collected.steps, options.steps), total: options.steps });
  }
  return collected;
}

async function readGroup(
  decoder: LocalDecoder,
  prompts: readonly Prompt[],
  kept: KeyedLines<Trajectory>,
  options: ResolvedPredict,
): Promise<(Trajectory | undefined)[]> {
  const found = await Promise.allSettled(
    prompts.map(async (prompt) => {
      const key = createHash("sha256").update(JSON.stringify(prompt)).digest("hex");
      const older = kept.get(key);
      if (older !== undefined) return older;
      const trajectory = await read(decoder, prompt, options);
      if (trajectory !== undefined) await kept.set(key, trajectory);
      return trajectory;
    }),
  );
  return found.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

/** Undefined for a prompt that cannot be decoded. */
async function read(decoder: LocalDecoder, prompt: Prompt, options: ResolvedPredict): Promise<Trajectory | undefined> {
  const { settings, template, maxTokens, seed, load } = options;
  const { signal } = load;
  try {
    const steps: Step[] = [];
    const keep = (step: Step): void => void steps.push(step);
    const { tokens } = await decoder.generate(prompt, {
      ...settings,
      ...template,
      maxTokens,
      seed,
      signal,
      candidates: true,
      onStep: keep,
    });
    if (signal?.aborted) throw new ArgsearchError("ABORTED", "the signal fired while prompts were decoded");
    const { rewards, hidden } = await decoder.prefixStates(prompt, tokens, template, signal);
    return { ...candidatesOf(steps, decoder), before: [...rewards], hidden: finite(hidden, options.reward) };
  } catch (error) {
    if (error instanceof ArgsearchError && OF_THE_PROMPT.includes(error.code)) return undefined;
    throw error;
  }
}

function candidatesOf(steps: readonly Step[], decoder: LocalDecoder): Omit<Trajectory, "before" | "hidden"> {
  const found: Omit<Trajectory, "before" | "hidden"> = { counts: [], tokens: [], logProbs: [], rewards: [], ends: [], taken: [] };
  for (const { token, candidates = [] } of steps) {
    found.counts.push(candidates.length);
    found.taken.push(candidates.findIndex((candidate) => candidate.token === token));
    for (const candidate of candidates) {
      found.tokens.push(candidate.token);
      found.logProbs.push(candidate.logProb);
      found.rewards.push(candidate.reward ?? Number.NaN);
      found.ends.push(decoder.isEnd(candidate.token));
    }
  }
  return found;
}

/** A model whose weights hold NaN or overflow would spoil the whole training. */
function finite(hidden: Float32Array | undefined, path: string): Float32Array {
  if (hidden?.every(Number.isFinite)) return hidden;
  throw new ArgsearchError("MODEL_INVALID", `${path} gives hidden states that are not finite: its weights are damaged`);
}
