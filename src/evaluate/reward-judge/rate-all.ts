/** Answers, rated by a reward model of its own: each once, as long as the directory keeps what it has said. */
import { join } from "node:path";
import { throwIfAborted } from "../../engine/abort.js";
import { KeyedLines } from "../../files/keyed-lines.js";
import { loadReward } from "../../score/load-reward.js";
import type { FileHash } from "../identity.js";
import type { EvaluateOptions, Generation, ResolvedEvaluation } from "../options.js";
import { counter } from "../progress.js";
import type { EvaluatedResponse } from "../response.js";
import { FILES } from "../run/directory.js";
import type { JudgeRewardOptions } from "./options.js";
import { asTranscript, type Rating, rate, ratingKey } from "./rating.js";

/** By response. */
export type Ratings = ReadonlyMap<EvaluatedResponse, Rating>;

export interface RatingRequest extends Pick<EvaluateOptions, "out" | "signal" | "onProgress"> {
  judge: JudgeRewardOptions;
  file: FileHash;
  /** It has no chat template: conversations are transcripts to it. */
  asText: boolean;
  model: ResolvedEvaluation["model"];
  generation: Generation;
}

/** @throws ArgsearchError as loadReward() and score(); ABORTED; FILE_UNREADABLE, FILE_UNWRITABLE */
export async function rateAll(responses: readonly EvaluatedResponse[], request: RatingRequest): Promise<Ratings> {
  const { judge, file, generation, out } = request;
  const path = out === undefined ? undefined : join(out, FILES.ratings);
  const kept = await KeyedLines.open<number>(path, { field: "reward", accept: (value) => (typeof value === "number" ? value : undefined) });
  const { template, templateVariables = null, date = null } = generation;
  const identity = [file.sha256, judge.chatTemplate ?? null, template, templateVariables, date];
  const keys = new Map(responses.map((response) => [response, ratingKey(identity, response)]));
  const missing = new Map([...keys].filter(([, key]) => kept.get(key) === undefined).map(([response, key]) => [key, response]));
  const failures = missing.size > 0 ? await rateMissing(missing, kept, request) : new Map<string, string>();
  return new Map([...keys].map(([response, key]) => [response, { reward: kept.get(key), failure: failures.get(key) }]));
}

/** Keeps each rating as it comes; returns why the others are none. */
async function rateMissing(
  missing: ReadonlyMap<string, EvaluatedResponse>,
  kept: KeyedLines<number>,
  { judge, asText, model, generation, signal, onProgress }: RatingRequest,
): Promise<Map<string, string>> {
  // Its context is as long as it was trained with, whatever the policy's is.
  const { contextSize: _, ...where } = model;
  const { template, templateVariables, date } = generation;
  const scoring = { template, templateVariables, date, signal };
  const loaded = await loadReward({ ...where, reward: { reward: judge.reward, chatTemplate: judge.chatTemplate }, signal });
  const failures = new Map<string, string>();
  const report = counter(missing.size, (done, total, secondsLeft) => onProgress?.({ stage: "judge's rewards", done, total, secondsLeft }));
  try {
    for (const [key, response] of missing) {
      report();
      throwIfAborted(signal);
      const { reward, failure } = await rate(loaded, asText ? asTranscript(response) : response, scoring);
      if (reward !== undefined) await kept.set(key, reward);
      if (failure !== undefined) failures.set(key, failure);
    }
    report();
    return failures;
  } finally {
    await loaded.dispose();
  }
}
