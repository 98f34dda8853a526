/** Whole responses, rated by reward models, functions and servers together, without a tokenizer of the responses' own. */
import { abortedError, unlessAborted } from "../engine/abort.js";
import { ArgsearchError } from "../errors.js";
import { answerText, withTexts } from "../messages.js";
import type { ChatFormat } from "../model/chat.js";
import { checkPrompt } from "../model/check-prompt.js";
import { atOnce } from "../remote/at-once.js";
import { callRewards } from "../reward/functions.js";
import type { FunctionTerm } from "../reward/reward-set.js";
import { numbered, WeightedSum } from "../reward/weighted-sum.js";
import type { Prompt, RewardCandidate, ScoreInput, ScoreOptions, ScoreResult } from "../types.js";
import type { ResolvedScore } from "./options.js";
import type { RewardModel } from "./reward-model.js";
import { wholeCandidate } from "./whole-responses.js";

export interface WholeParts {
  /** Those of the terms that are files; undefined without any. */
  models: RewardModel | undefined;
  functions: readonly FunctionTerm[];
  /** The policy's chat template, for servers that have none of their own. */
  format: ChatFormat | undefined;
  /** Fires when the owner is disposed of; its reason is the DISPOSED error. */
  closing: AbortSignal;
}

/** In place of a prompt: the responses are whole texts. */
interface Raw {
  special: boolean | undefined;
}

export class WholeScorer {
  readonly sums: WeightedSum;
  readonly #parts: WholeParts;

  constructor(parts: WholeParts) {
    const { models, functions } = parts;
    this.#parts = parts;
    this.sums = new WeightedSum(
      numbered([...(models?.info.objectives ?? []), ...functions.map(({ name }) => name)]),
      [...(models?.info.weights ?? []), ...functions.map(({ weight }) => weight)],
      functions.length > 0,
    );
  }

  /**
   * One row of objectives a candidate, whose `response` is rated; of one that ends, where `rewardAt` says. `response` is what all begin with.
   *
   * @throws ArgsearchError as callRewards() and score()
   */
  async rate(prompt: Prompt | Raw, candidates: readonly RewardCandidate[], options: ResolvedScore, response = ""): Promise<number[][]> {
    const { signal, template, rewardAt } = options;
    const { functions, format, closing } = this.#parts;
    const context = { prompt: isRaw(prompt) ? "" : withTexts(prompt), response, signal };
    const calls = Promise.all([
      this.#byModels(prompt, candidates, options),
      callRewards(functions, candidates, context, { format, template, rewardAt, closing }),
    ]);
    const found = await unlessAborted(calls, [signal, closing]);
    closing.throwIfAborted();
    if (found === undefined && signal?.aborted) throw abortedError(signal);
    const [ofModels, ofFunctions] = found ?? [[], []];
    return candidates.map((_, index) => [...(ofModels[index] ?? []), ...ofFunctions.map((values) => values[index] ?? Number.NaN)]);
  }

  /** Rewards of given responses, as wholes: `tokens` are empty. @throws ArgsearchError as RewardModel.score() */
  async score(inputs: readonly ScoreInput[], options: ResolvedScore): Promise<ScoreResult[]> {
    const asked = inputs.map((input, index) => ({ ...checked(input, index), index }));
    const results: ScoreResult[] = [];
    await atOnce(asked, async ({ prompt, response, index }) => {
      const [values = []] = await this.rate(prompt, [wholeCandidate(response)], options);
      results[index] = { reward: this.sums.sum(values), objectives: this.sums.named(values), tokens: [] };
    });
    return results;
  }

  async #byModels(prompt: Prompt | Raw, candidates: readonly RewardCandidate[], options: ResolvedScore): Promise<number[][]> {
    const { models } = this.#parts;
    if (models === undefined) return [];
    const rows: number[][] = [];
    const rateSome = async (end: boolean): Promise<void> => {
      const some = candidates.flatMap((candidate, index) =>
        candidate.end === end ? [{ response: candidate.response || " ", index }] : [],
      );
      if (some.length === 0) return;
      const inputs = some.map(({ response }) => (isRaw(prompt) ? { text: response, special: prompt.special } : { prompt, response }));
      const results = await models.score(inputs, optionsOf(options, end));
      for (const [place, { index }] of some.entries())
        rows[index] = models.info.objectives.map((name) => results[place]?.objectives[name] ?? Number.NaN);
    };
    await rateSome(true);
    await rateSome(false);
    return rows;
  }
}

/** What goes on is read where it is. */
function optionsOf({ template, rewardAt, signal }: ResolvedScore, end: boolean): ScoreOptions {
  const { mode, variables, date } = template;
  return { template: mode, templateVariables: variables, date, signal, rewardAt: end ? rewardAt : "last" };
}

/** @throws ArgsearchError INPUT_INVALID, OPTION_INVALID, PROMPT_EMPTY */
function checked(input: ScoreInput, index: number): { prompt: Prompt | Raw; response: string } {
  if (typeof input !== "object" || input === null) {
    throw new ArgsearchError("INPUT_INVALID", `input ${index} must be { prompt, response } or { text }`);
  }
  const [prompt, answer, what] =
    "text" in input ? [{ special: input.special }, input.text, "text"] : [input.prompt, input.response, "response"];
  const response = typeof answer === "object" && answer !== null ? answerText(answer) : answer;
  if (!isRaw(prompt)) checkPrompt(prompt);
  if (typeof response === "string" && response !== "") return { prompt, response };
  throw new ArgsearchError("INPUT_INVALID", `${what} ${index} must be a non-empty text: there is nothing to score`);
}

function isRaw(prompt: Prompt | Raw): prompt is Raw {
  return typeof prompt === "object" && prompt !== null && "special" in prompt;
}
