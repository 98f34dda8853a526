/** Whoever is no mode of argsearch: rivals that are measured beside it, on the same tokens. */
import { setTimeout } from "node:timers/promises";
import type { RoundInput } from "../../src/bench/decoder-contender.js";
import type { Contender, Sample } from "../../src/bench/rounds.js";
import type { Decoder, Prompt } from "../../src/index.js";
import type { LineChild } from "./line-child.js";

/** Longer than threads of any spin. */
export const SPIN_MS = 500;

/** What rivals are started for. */
export interface Rivalry {
  decoder: Decoder;
  engineDir: string;
  contextSize: number;
  topK: number;
  threads: number;
  template: "auto" | "none";
  gpu: boolean;
}

interface Reply {
  ms: number;
  policy?: number;
}

/** A rival that a child plays: the commands are those of bench/native/raw_bench.cc. */
export class Outsider implements Contender<RoundInput> {
  #prompt = -1;

  /**
   * `steps`: how many are measured a round, of those that a response has. `spinMs`: so long its threads spin after it has worked (ggml's by
   * default a third of a second): the next one is to have the cores to itself.
   */
  constructor(
    readonly name: string,
    private readonly rival: string,
    private readonly child: LineChild,
    private readonly tokensOf: PromptTokens,
    private readonly options: { steps?: number; spinMs?: number } = {},
  ) {}

  async prepare(input: RoundInput): Promise<void> {
    if (this.#prompt === input.id) return;
    await this.child.ask("prompt", ...(await this.tokensOf.of(input)));
    await this.child.ask("fill", this.rival);
    this.#prompt = input.id;
  }

  async measure({ reference: [tokens = []] }: RoundInput): Promise<Sample> {
    const { ms, policy } = await this.child.ask<Reply>("run", this.rival, ...tokens.slice(0, this.options.steps));
    await setTimeout(this.options.spinMs ?? 0);
    return { ms, ...(policy !== undefined && { parts: { policy, reward: ms - policy } }) };
  }
}

/** The tokens that the policy reads of a round's prompt. */
export class PromptTokens {
  readonly #known = new Map<number, Promise<number[]>>();

  constructor(private readonly rivalry: Pick<Rivalry, "decoder" | "template">) {}

  of({ id, prompts: [prompt = ""] }: RoundInput): Promise<number[]> {
    const found = this.#known.get(id) ?? this.#tokenize(prompt);
    this.#known.set(id, found);
    return found;
  }

  async #tokenize(prompt: Prompt): Promise<number[]> {
    const { decoder, template } = this.rivalry;
    const text = template === "none" && typeof prompt === "string" ? prompt : await decoder.render(prompt);
    const tokens = await decoder.tokenize(text, { special: template === "auto" });
    const { addBos, bos } = decoder.info.policy;
    const whole = addBos && bos >= 0 && tokens[0] !== bos ? [bos, ...tokens] : tokens;
    const wanted = await decoder.countTokens(prompt, { template });
    if (whole.length !== wanted) throw new Error(`a prompt has ${wanted} tokens, and ${whole.length} were found`);
    return whole;
  }
}
