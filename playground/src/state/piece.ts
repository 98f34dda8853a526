/** A token as the page shows it. */
import { pieces } from "../api/pieces.js";
import type { WireCandidate, WireChoice, WireToken } from "../api/wire.js";

export interface Alternative {
  text: string;
  logProb: number;
  reward: number | null;
  score: number | null;
  chosen: boolean;
}

export interface Piece {
  /** What it adds to the answer; may be empty. */
  text: string;
  /** Null for text that came without a token. */
  token: { id: number; text: string } | null;
  logProb: number | null;
  reward: number | null;
  score: number | null;
  /** Likeliest first. Empty where none are known. */
  alternatives: Alternative[];
}

export function piecesOf({ delta, logprobs, argsearch }: WireChoice): Piece[] {
  const content = delta?.content ?? "";
  const tokens = argsearch?.tokens ?? [];
  if (tokens.length === 0) return content === "" ? [] : [unknown(content)];
  const texts = pieces(content, tokens);
  return tokens.map((token, at) => ({
    text: texts[at] ?? "",
    token: { id: token.token, text: token.text },
    logProb: token.logProb,
    reward: token.reward,
    score: token.score,
    alternatives: token.candidates ? rated(token.candidates, token.token) : likeliest(logprobs?.content?.[at]?.top_logprobs ?? [], token),
  }));
}

const unknown = (text: string): Piece => ({ text, token: null, logProb: null, reward: null, score: null, alternatives: [] });

function rated(candidates: readonly WireCandidate[], chosen: number): Alternative[] {
  return candidates.map(({ token, text, logProb, reward, score }) => ({ text, logProb, reward, score, chosen: token === chosen }));
}

/** Of a plain answer only the chosen token has a reward; it may be none of the likeliest when it was drawn. */
function likeliest(top: readonly { token: string; logprob: number }[], taken: WireToken): Alternative[] {
  if (top.length === 0) return [];
  // A control token has no text among the likeliest, but the same log-probability.
  const others = top.filter(({ token, logprob }) => token !== taken.text && logprob !== taken.policyLogProb);
  const { text, policyLogProb: logProb, reward, score } = taken;
  const rivals = others.map(({ token, logprob }) => ({ text: token, logProb: logprob, reward: null, score: null, chosen: false }));
  return [...rivals, { text, logProb, reward, score, chosen: true }].sort((a, b) => b.logProb - a.logProb);
}
