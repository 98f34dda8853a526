/** Decodes prompts as a search does, and keeps what its reward model saw: each prompt once, whatever interrupts. */
import { createHash } from "node:crypto";
import type { LocalDecoder } from "../../decode/local-decoder.js";
import { ArgsearchError, type ErrorCode } from "../../errors.js";
import type { KeyedLines } from "../../files/keyed-lines.js";
import type { Prompt, Step } from "../../types.js";
import type { ResolvedPredict } from "./options.js";
import { type Planned, planOf, type Role } from "./plan.js";
import { asKept, type Trajectory } from "./trajectory.js";

export interface Collected {
  trajectories: Trajectory[];
  /** Of each trajectory. */
  roles: Role[];
}

/** What is wrong with one prompt and not with the models or the machine. */
const OF_THE_PROMPT: readonly ErrorCode[] = ["PROMPT_EMPTY", "PROMPT_TOO_LONG", "TEMPLATE_INVALID", "SAMPLERS_LEAVE_NOTHING"];

/**
 * What was planned, as many prompts at once as the decoder has slots: groups of them in step, and each as a whole, so that a run which was
 * interrupted ends as an unbroken one.
 */
export async function collect(
  decoder: LocalDecoder,
  prompts: readonly Prompt[],
  kept: KeyedLines<Trajectory>,
  options: ResolvedPredict,
): Promise<Collected> {
  const { slots, onProgress } = options;
  const plan = planOf({ ...options, prompts: prompts.length });
  const collected: Collected = { trajectories: [], roles: [] };
  const total = plan.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  onProgress({ phase: "decode", done, total });
  for (let at = 0; at < plan.length; at += slots) {
    const group = plan.slice(at, at + slots).map((planned) => ({ ...planned, prompt: prompts[planned.index] ?? "" }));
    const found = await readGroup(decoder, group, kept, options);
    for (const [place, { role, length }] of group.entries()) {
      const trajectory = found[place];
      done += length;
      // Without steps: it could not be decoded.
      if (trajectory === undefined || trajectory.counts.length === 0) continue;
      collected.trajectories.push(trajectory);
      collected.roles.push(role);
    }
    onProgress({ phase: "decode", done, total });
  }
  return collected;
}

async function readGroup(
  decoder: LocalDecoder,
  group: readonly (Planned & { prompt: Prompt })[],
  kept: KeyedLines<Trajectory>,
  options: ResolvedPredict,
): Promise<(Trajectory | undefined)[]> {
  const key = ({ prompt, length }: Planned & { prompt: Prompt }): string =>
    createHash("sha256")
      .update(JSON.stringify([prompt, length]))
      .digest("hex");
  const older = group.map((each) => kept.get(key(each)));
  if (older.every((each) => each !== undefined)) return older;
  for (let slot = 0; slot < options.slots; slot++) await decoder.clear(slot);
  const found = await decoder.inStep(group.map((each, slot) => () => read(decoder, { ...each, slot }, options)));
  for (const [place, each] of found.entries()) {
    if (each.status === "rejected") throw each.reason;
    const planned = group[place];
    if (planned !== undefined) await kept.set(key(planned), each.value);
  }
  return group.map((each) => kept.get(key(each)));
}

/** Empty for a prompt that cannot be decoded. */
async function read(
  decoder: LocalDecoder,
  { prompt, length, slot }: Planned & { prompt: Prompt; slot: number },
  options: ResolvedPredict,
): Promise<Trajectory> {
  const { settings, template, seed, load } = options;
  const { signal } = load;
  try {
    const steps: Step[] = [];
    const keep = (step: Step): void => void steps.push(step);
    const { tokens } = await decoder.generate(prompt, {
      ...settings,
      ...template,
      maxTokens: length,
      slot,
      seed,
      signal,
      candidates: true,
      onStep: keep,
    });
    if (signal?.aborted) throw new ArgsearchError("ABORTED", "the signal fired while prompts were decoded");
    const { rewards, hidden } = await decoder.prefixStates(prompt, tokens, template, signal);
    return asKept({ ...candidatesOf(steps, decoder), before: [...rewards], hidden: finite(hidden, options.reward) });
  } catch (error) {
    if (error instanceof ArgsearchError && OF_THE_PROMPT.includes(error.code))
      return { ...candidatesOf([], decoder), before: [], hidden: new Float32Array(0) };
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
