/** All contenders at one place of the axes. */
import type { Decoder } from "../decode/decoder.js";
import { filesOf } from "../reward/reward-info.js";
import type { GenerateOptions, Prompt } from "../types.js";
import { DecoderContender, type RoundInput } from "./decoder-contender.js";
import { Decoders, type OpenMode } from "./decoders.js";
import { EXACT } from "./modes.js";
import { contextFor, type ResolvedSpeed, type SpeedPoint } from "./options.js";
import { lengthened } from "./prompts.js";
import { rowsOf, type SpeedMemory, type SpeedPointResult } from "./results.js";
import { type Contender, measureRounds } from "./rounds.js";

/** Called once the decoders are there: contenders from elsewhere that are measured beside them, and end when the signal's owner ends. */
export type Outsiders = (reference: Decoder, contextSize: number) => Promise<readonly Contender<RoundInput>[]>;

/**
 * Loads, measures and disposes. Progress counts this point's measurements.
 *
 * @throws ArgsearchError as load() and generate(); ABORTED
 */
export async function measurePoint(
  resolved: ResolvedSpeed,
  point: SpeedPoint,
  onProgress: (done: number, total: number, name: string) => void,
  outsiders: Outsiders = async () => [],
): Promise<SpeedPointResult & { decoder: Decoder["info"] }> {
  const { load, modes, rounds, signal } = resolved;
  const contextSize = await contextFor(resolved, point);
  const decoders = new Decoders({ ...load, contextSize, slots: point.slots, signal });
  try {
    const { open, leftOut } = await decoders.open(modes, optionsOf(resolved, point), resolved.prompts[0] as Prompt);
    const exact = open.find(({ mode }) => mode.name === EXACT) as OpenMode;
    const inputs = new Inputs(resolved, point, exact);
    const contenders = [...open.map((each) => new DecoderContender(each)), ...(await outsiders(exact.decoder, contextSize))];
    const samples = await measureRounds(contenders, { rounds, warmUp: 1, input: (round) => inputs.of(round), onProgress, signal });
    const memory = new Map<string, SpeedMemory>();
    for (const { mode, decoder } of open) memory.set(mode.title, await memoryOf(decoder));
    const found = await Promise.all(Array.from({ length: rounds }, (_, round) => inputs.of(round)));
    return { point, rows: rowsOf(samples, found, memory), leftOut, decoder: exact.decoder.info };
  } finally {
    await decoders.dispose();
  }
}

/** Nobody ends, so that all decode as many tokens. */
function optionsOf({ template, settings, maxTokens, signal }: ResolvedSpeed, { topK }: SpeedPoint): GenerateOptions {
  return { ...settings, method: "args", topK, template, maxTokens, ending: "never", seed: 1, signal };
}

/** What each round decodes, and what plain ARGS says to it: made once for rounds that decode the same. */
class Inputs {
  readonly #made = new Map<number, Promise<RoundInput>>();

  constructor(
    private readonly resolved: ResolvedSpeed,
    private readonly point: SpeedPoint,
    private readonly exact: OpenMode,
  ) {}

  of(round: number): Promise<RoundInput> {
    const { prompts } = this.resolved;
    const first = (round * this.point.slots) % prompts.length;
    const found = this.#made.get(first) ?? this.#make(first);
    this.#made.set(first, found);
    return found;
  }

  async #make(first: number): Promise<RoundInput> {
    const { prompts: all, template } = this.resolved;
    const { slots, prefix } = this.point;
    const prompts: Prompt[] = [];
    for (let slot = 0; slot < slots; slot++) {
      const prompt = all[(first + slot) % all.length] as Prompt;
      prompts.push(prefix === null ? prompt : await lengthened(this.exact.decoder, prompt, { tokens: prefix, turn: slot, template }));
    }
    const reference = await this.exact.decoder.generateAll(prompts, this.exact.options);
    return { id: first, prompts, reference: reference.map(({ tokens }) => tokens) };
  }
}

async function memoryOf(decoder: Decoder): Promise<SpeedMemory> {
  const { policy, rewards } = decoder.info;
  // A file that serves twice is loaded once, and so is a trunk that two files have in common.
  const loaded = decoder.info.sharedTrunk ? [policy] : [policy, ...filesOf(rewards)];
  const files = new Map(loaded.map(({ path, size }) => [path, size]));
  const cache = await decoder.cacheBytes();
  return {
    weights: [...files.values()].reduce((sum, size) => sum + size, 0),
    cache: [cache.policy, ...cache.rewards].reduce((sum, bytes) => sum + bytes, 0),
  };
}
