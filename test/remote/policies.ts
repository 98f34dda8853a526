/** Decoders of policies on local servers, and the search that they do, written out. */
import { onTestFinished } from "vitest";
import { type Decoder, type LoadOptions, load, type RewardCandidate } from "../../src/index.js";
import { type Choice, choices, type Handler, numberOf, type Server } from "./server.js";

export const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
export const PROMPT = "How?";
export const RENDERED = "[user]How?[assistant]";

/** Continuations that were given, by the text that they continue. */
export type Given = Map<string, Choice[]>;

const WORDS = ["a", "knife", "is", "sharp", "not", "dull", "ünder", "stone", "🔪", "end"];

/** What follows a text, as its seed decides: a word a token, and now and then the end. */
function continued(prompt: string, seed: number, tokens: number): Choice {
  const drawn = Array.from({ length: tokens }, (_, at) => Math.abs(Math.round(64 * numberOf(`${prompt}/${seed}/${at}`))));
  const end = drawn.findIndex((each) => each % 23 === 0);
  const kept = end < 0 ? drawn : drawn.slice(0, end);
  return { text: kept.map((each) => ` ${WORDS[each % WORDS.length]}`).join(""), finish_reason: end < 0 ? "length" : "stop" };
}

/** vLLM's manner: `n` continuations of consecutive seeds; `single`: one, whatever `n` is. */
export function policy(given: Given, single = false): Handler {
  return ({ body }, response) => {
    const count = single ? 1 : (body.n ?? 1);
    const all = Array.from({ length: count }, (_, at) => continued(body.prompt, body.seed + at, body.max_tokens));
    given.set(body.prompt, [...(given.get(body.prompt) ?? []), ...all]);
    choices(response, all, { prompt_tokens: 7, completion_tokens: body.max_tokens, prompt_tokens_details: { cached_tokens: 3 } });
  };
}

/** The best of each block's drafts, as long as one goes on and there is room. */
export function bruteForce(
  given: Given,
  reward: (response: string) => number,
  { block, maxTokens }: { block: number; maxTokens: number },
): string {
  let response = "";
  for (let tokens = 0; tokens < maxTokens; tokens += block) {
    const drafts = given.get(RENDERED + response) ?? [];
    const rewards = drafts.map(({ text }) => reward(response + text));
    const best = drafts[rewards.indexOf(Math.max(...rewards))];
    if (best === undefined) throw new Error(`nothing was asked behind ${response}`);
    response += best.text;
    if (best.finish_reason === "stop") break;
  }
  return response;
}

export const ofText = (response: string): number => numberOf(response);
export const byFunction = (candidates: readonly RewardCandidate[]): number[] => candidates.map(({ response }) => ofText(response));

export async function loaded(server: Server, options: Omit<LoadOptions, "policy"> & { policy?: object } = {}): Promise<Decoder> {
  const { policy: more, ...rest } = options;
  const policy = { url: `${server.url}/v1`, model: "p", timeout: 5000, retries: 2, specialTokens: { bos_token: "" }, ...more };
  const decoder = await load({ policy, chatTemplate: TEMPLATE, reward: byFunction, ...rest });
  onTestFinished(() => decoder.dispose());
  return decoder;
}

/** A word a block, without end. */
export const lengths: Handler = ({ body }, response) => choices(response, Array(body.n ?? 1).fill({ text: " x", finish_reason: "length" }));
