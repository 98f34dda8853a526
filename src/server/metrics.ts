/** GET /metrics, for Prometheus: under llama.cpp's names where the meaning is the same, under ours for the rest. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Decoder } from "../decode/decoder.js";
import type { SearchCounters } from "../engine/binding.js";
import { isRemoteModel } from "../remote/model-info.js";
import type { GenerateResult } from "../types.js";

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** What the engine itself counts: read when asked for. */
const COUNTED: Record<string, { name: keyof SearchCounters; help: string }> = {
  "llamacpp:prompt_tokens_total": { name: "policyPrefillTokens", help: "Prompt tokens that the policy has decoded." },
  "llamacpp:n_decode_total": { name: "policyDecodes", help: "Calls of llama_decode, of the policy." },
  "argsearch:reward_decode_total": { name: "rewardDecodes", help: "Calls of llama_decode, of the reward models." },
  "argsearch:reward_tokens_total": {
    name: "rewardTokens",
    help: "Candidates and other tokens of answers that reward models have decoded.",
  },
  "argsearch:reward_prompt_tokens_total": { name: "rewardPrefillTokens", help: "Prompt tokens that reward models have decoded." },
};

/** Told of what happens to one answer. */
export interface AnswerObserver {
  step(): void;
  result(result: GenerateResult, method: string): void;
  /** Whatever came of it. */
  end(): void;
}

export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #busy: Gauge;
  readonly #deferred: Gauge;
  readonly #requests: Counter<"route" | "status">;
  readonly #firstToken: Histogram;
  readonly #duration: Histogram;
  readonly #sums: Record<"tokens" | "steps" | "guided" | "gated" | "candidates" | "cached" | "promptSeconds" | "answerSeconds", Counter>;
  readonly #answers: Counter<"method" | "finish">;
  /** Answers under way. */
  #running = 0;
  /** 0 while models load. */
  #slots = 0;

  constructor() {
    const registers = [this.#registry];
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#busy = new Gauge({ name: "llamacpp:requests_processing", help: "Answers that have a slot.", registers });
    this.#deferred = new Gauge({ name: "llamacpp:requests_deferred", help: "Answers that wait for a slot.", registers });
    this.#requests = new Counter({
      name: "argsearch:requests_total",
      help: "Requests, by status.",
      labelNames: ["route", "status"],
      registers,
    });
    this.#answers = new Counter({ name: "argsearch:answers_total", help: "Answers.", labelNames: ["method", "finish"], registers });
    this.#firstToken = histogram("argsearch:first_token_seconds", "Until an answer's first token, waiting included.", registers);
    this.#duration = histogram("argsearch:request_seconds", "Until a request was answered.", registers);
    this.#sums = {
      tokens: counter("llamacpp:tokens_predicted_total", "Tokens of answers."),
      promptSeconds: counter("llamacpp:prompt_seconds_total", "Seconds of decoding prompts."),
      answerSeconds: counter("llamacpp:tokens_predicted_seconds_total", "Seconds of decoding answers."),
      cached: counter("argsearch:cached_tokens_total", "Prompt tokens that were found in a cache."),
      steps: counter("argsearch:steps_total", "Steps of answers."),
      guided: counter("argsearch:guided_steps_total", "Steps in which rewards chose."),
      gated: counter("argsearch:gated_steps_total", "Steps of guided answers that a gate left to the policy."),
      candidates: counter("argsearch:candidates_rated_total", "Candidates that were rated."),
    };
  }

  /** From now on what its engine counts is shown, too. */
  watch(decoder: Decoder): void {
    this.#slots = decoder.info.slots;
    const registers = [this.#registry];
    new Gauge({ name: "argsearch:slots", help: "Answers that can be decoded at once.", registers }).set(this.#slots);
    // What a policy on a server has decoded is its server's to count.
    if (isRemoteModel(decoder.info.policy)) return;
    for (const [metric, { name, help }] of Object.entries(COUNTED)) {
      new Counter({
        name: metric,
        help,
        registers,
        collect() {
          this.reset();
          if (!decoder.disposed) this.inc(decoder.counters()[name]);
        },
      });
    }
  }

  /** An answer begins. */
  answering(): AnswerObserver {
    const began = performance.now();
    let steps = 0;
    this.#change(1);
    return {
      step: () => {
        if (steps++ === 0) this.#firstToken.observe((performance.now() - began) / 1000);
      },
      result: (result, method) => this.#answered(result, method),
      end: () => this.#change(-1),
    };
  }

  requested(route: string, status: number, ms: number): void {
    this.#requests.inc({ route, status: String(status) });
    this.#duration.observe(ms / 1000);
  }

  async response(): Promise<Response> {
    return new Response(await this.#registry.metrics(), { headers: { "content-type": this.#registry.contentType } });
  }

  #answered({ usage, timings, gate, finishReason }: GenerateResult, method: string): void {
    const sums = this.#sums;
    this.#answers.inc({ method, finish: finishReason });
    sums.tokens.inc(usage.completionTokens);
    sums.cached.inc(usage.cachedTokens);
    sums.promptSeconds.inc(timings.prefill / 1000);
    sums.answerSeconds.inc(Math.max(0, timings.total - timings.prefill) / 1000);
    sums.steps.inc(gate.steps);
    sums.guided.inc(gate.guided);
    sums.gated.inc(gate.gated);
    sums.candidates.inc(gate.candidates);
  }

  #change(by: number): void {
    this.#running += by;
    this.#busy.set(Math.min(this.#running, this.#slots));
    this.#deferred.set(Math.max(0, this.#running - this.#slots));
  }
}

function histogram(name: string, help: string, registers: Registry[]): Histogram {
  return new Histogram({ name, help, buckets: SECONDS, registers });
}
