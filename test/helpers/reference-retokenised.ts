/** How a reward model reads, by brute force, a response that another tokenizer has written. */
import { Utf8Stream } from "../../src/model/text-decoder.js";
import type { ByteVocabulary } from "./byte-vocabulary.js";
import type { Setting } from "./reference-args.js";
import { nextLogProbs, rewardsAtEnd } from "./reference-llama.js";

/** Each of the policy's tokens cut apart, as far as it completes characters; an end with what is torn before it. */
export function cutApart(policy: ByteVocabulary, own: ByteVocabulary, response: readonly number[]): number[][] {
  const stream = new Utf8Stream();
  return response.map((token) => {
    if (token === policy.eos) return [...own.encode(stream.flush()), own.eos];
    return own.encode(stream.push(Uint8Array.from(policy.bytesOf(token))));
  });
}

/** A response ends inside a character. */
function isTorn(policy: ByteVocabulary, response: readonly number[]): boolean {
  const stream = new Utf8Stream();
  stream.push(Uint8Array.from(response.flatMap((token) => policy.bytesOf(token))));
  return response.at(-1) !== policy.eos && stream.flush() !== "";
}

/** The whole text cut at once; an end as above. */
export function cutWhole(policy: ByteVocabulary, own: ByteVocabulary, response: readonly number[]): number[] {
  const ended = response.at(-1) === policy.eos;
  const stream = new Utf8Stream();
  const whole = stream.push(Uint8Array.from(response.flatMap((token) => policy.bytesOf(token))));
  return ended ? [...own.encode(whole + stream.flush()), own.eos] : own.encode(whole);
}

export interface ApartCandidate {
  token: number;
  logProb: number;
  objectives: number[];
  reward: number;
  score: number;
  waits: boolean;
}

/** The step behind a response: every reward model with another vocabulary than the policy's reads it cut apart. */
export function apartStep({ policy, rewards, topK, weight, excluded }: Setting, response: readonly number[]): ApartCandidate[] {
  const logProbs = nextLogProbs(policy.model, [...policy.prompt, ...response]);
  const ranked = Array.from(logProbs, (logProb, token) => ({ token, logProb })).sort((a, b) => b.logProb - a.logProb);
  const written = policy.model.vocabulary;
  return ranked
    .filter(({ token }) => !excluded?.has(token))
    .slice(0, topK)
    .map(({ token, logProb }) => {
      const tokens = [...response, token];
      const objectives = rewards.flatMap(({ model, prompt }) => {
        const own = model.vocabulary === written ? tokens : cutApart(written, model.vocabulary, tokens).flat();
        return rewardsAtEnd(model, [...prompt, ...own]);
      });
      const weights = rewards.flatMap((reading) => reading.weights ?? Array.from(reading.model.head?.bias ?? [], () => 1));
      const reward = objectives.reduce((sum, value, index) => sum + value * weights[index], 0);
      const waits = isTorn(written, tokens);
      return { token, logProb, objectives, reward, waits, score: (1 - weight) * logProb + weight * reward };
    });
}
