import type { EvaluatedResponse } from "../../src/evaluate/index.js";

/** A response with what a test does not care about filled in. */
export function responseOf(given: Partial<EvaluatedResponse> = {}): EvaluatedResponse {
  return {
    method: "greedy",
    index: 0,
    prompt: "Hello?",
    response: "Hi there.",
    tokens: [1, 2],
    reward: 0.5,
    finishReason: "eog",
    pieces: ["Hi", " there."],
    rewards: [0.25, 0.5],
    seed: 1,
    calls: { policy: 2, reward: 0 },
    milliseconds: 10,
    ...given,
  };
}
