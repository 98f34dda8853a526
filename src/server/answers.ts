/** Answers under way: those of one request, side by side, as one sequence of events. */
import type { Decoder } from "../decode/decoder.js";
import { drawSeed } from "../decode/draw-seed.js";
import type { GenerateOptions, GenerateResult, Prompt, Step } from "../types.js";
import { HttpError, httpError } from "./errors.js";
import type { ServerMetrics } from "./metrics.js";

/** One answer that was asked for. */
export interface Job {
  prompt: Prompt;
  options: GenerateOptions;
}

/** What happened to answer number `index`; an error ends all of them. */
export type AnswerEvent = { index: number; step: Step } | { index: number; result: GenerateResult } | { error: HttpError };

/** `n` answers to each prompt, in order. They draw by seeds of their own, the first by the request's, and share their prompt's cache. */
export function jobsOf(prompts: readonly Prompt[], n: number, options: GenerateOptions, seed: number | undefined): Job[] {
  const seedAt = (at: number): GenerateOptions => (seed === undefined ? {} : { seed: at === 0 ? seed : drawSeed(seed, 0, at) });
  return prompts.flatMap((prompt) => Array.from({ length: n }, (_, at) => ({ prompt, options: { ...options, ...seedAt(at) } })));
}

/**
 * Decodes all at full speed, whoever reads how slowly: what nobody has read yet waits here, a context's length of steps an answer at most, and no reader holds a
 * slot. The signal ends them at their next step; its reason is the error, where it is one of ours.
 */
export function answer(decoder: Decoder, jobs: readonly Job[], signal: AbortSignal, metrics: ServerMetrics): ReadableStream<AnswerEvent> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  return new ReadableStream<AnswerEvent>(
    {
      async start(controller) {
        const follow = async (job: Job, index: number): Promise<void> => {
          const observed = metrics.answering();
          try {
            for await (const event of followed(decoder, job, index, either)) {
              if ("step" in event) observed.step();
              if ("result" in event) observed.result(event.result, job.options.method ?? "greedy");
              controller.enqueue(event);
            }
          } catch (error) {
            failed.abort(error);
          } finally {
            observed.end();
          }
        };
        await Promise.all(jobs.map(follow));
        const reason = signal.aborted && signal.reason instanceof HttpError ? signal.reason : failed.signal.reason;
        if (failed.signal.aborted) controller.enqueue({ error: httpError(reason) });
        controller.close();
      },
    },
    { highWaterMark: Number.POSITIVE_INFINITY },
  );
}

async function* followed(decoder: Decoder, job: Job, index: number, signal: AbortSignal): AsyncGenerator<AnswerEvent, void> {
  const stream = decoder.stream(job.prompt, { ...job.options, signal });
  for (;;) {
    const { done, value } = await stream.next();
    if (!done) {
      yield { index, step: value };
      continue;
    }
    if (value.finishReason === "aborted" && signal.aborted) throw signal.reason;
    return yield { index, result: value };
  }
}
