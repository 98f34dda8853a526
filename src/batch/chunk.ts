/** Responses to some prompts, decoded so that they do not depend on timing. */
import type { NumberedRecord } from "../data/read.js";
import type { Decoder } from "../decode/decoder.js";
import { eitherOf } from "../engine/abort.js";
import { ArgsearchError, type ErrorCode } from "../errors.js";
import { isRemoteModel } from "../remote/model-info.js";
import type { GenerateOptions, GenerateResult, Prompt } from "../types.js";

/** One response to come: to which record, and which of that record's. */
export interface Job {
  record: NumberedRecord<Prompt>;
  /** Where a record has several. */
  number: number | undefined;
  seed: number;
}

/** A response, or what is wrong with its prompt. */
export type Answer = { result: GenerateResult } | { error: ArgsearchError };

/** Responses one after the other in a slot, before all slots begin anew: the longest of them is waited for once in so many. */
const ROUNDS = 4;

/** What is wrong with one prompt, or one response; anything else would be wrong with all of them. */
const OF_THE_LINE: readonly ErrorCode[] = [
  ...(["INPUT_INVALID", "PROMPT_EMPTY", "PROMPT_TOO_LONG", "TEMPLATE_INVALID"] as const),
  ...(["REWARD_FUNCTION_FAILED", "SAMPLERS_LEAVE_NOTHING"] as const),
];

/** How many jobs make a chunk. */
export function chunkSize({ info }: Decoder): number {
  return ROUNDS * info.slots;
}

/**
 * The jobs' answers, in order. Slots begin empty, step together, and each takes every so many-th job: who shares a batch with whom, by which numbers
 * of models that are not F32 differ, is then the same whenever these jobs are decoded. Nothing else may decode meanwhile.
 *
 * @throws ArgsearchError as generate(); ABORTED
 */
export async function* answers(decoder: Decoder, jobs: readonly Job[], options: GenerateOptions): AsyncGenerator<Answer> {
  const slots = Math.min(decoder.info.slots, jobs.length);
  // A server's slots are its own.
  const remote = isRemoteModel(decoder.info.policy);
  const stop = new AbortController();
  const { signal, forget } = eitherOf([options.signal, stop.signal]);
  const pending = jobs.map(() => deferred<Answer>());
  const lane = (slot: number) => async (): Promise<void> => {
    for (const [at, { resolve, reject }] of [...pending.entries()].filter(([index]) => index % slots === slot)) {
      const answer = answerTo(decoder, jobs[at], { ...options, ...(remote ? {} : { slot }), signal });
      await answer.then(resolve, reject);
      if (signal?.aborted) break;
    }
  };
  for (let slot = 0; slot < decoder.info.slots && !remote; slot++) await decoder.clear(slot);
  const running = decoder.inStep(Array.from({ length: slots }, (_, slot) => lane(slot)));
  try {
    for (const { promise } of pending) yield await promise;
  } finally {
    stop.abort();
    await running;
    forget();
  }
}

async function answerTo(decoder: Decoder, { record, seed }: Job, options: GenerateOptions): Promise<Answer> {
  try {
    const result = await decoder.generate(record.value, { ...options, seed });
    if (result.finishReason === "aborted") throw new ArgsearchError("ABORTED", "interrupted in the middle of a response");
    return { result };
  } catch (error) {
    if (error instanceof ArgsearchError && OF_THE_LINE.includes(error.code)) return { error };
    throw error;
  }
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Its rejection is nobody's fault who does not wait for it. */
function deferred<T>(): Deferred<T> {
  let [resolve, reject]: [Deferred<T>["resolve"], Deferred<T>["reject"]] = [() => {}, () => {}];
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
