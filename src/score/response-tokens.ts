import { ArgsearchError } from "../errors.js";
import type { Model } from "../model/model.js";

/**
 * A response as tokens that all models know: as the first of them cuts it, or the next that gives such. Vocabularies may
 * have tokens of their own, and a text may spell them.
 *
 * @throws ArgsearchError INPUT_INVALID naming the token that is known to one model and not to another
 */
export function tokensForAll(models: readonly Model[], cut: (model: Model) => Int32Array): Int32Array {
  let refusal: ArgsearchError | undefined;
  for (const model of new Set(models)) {
    const tokens = cut(model);
    const unknown = firstUnknown(models, model, tokens);
    if (unknown === undefined) return tokens;
    refusal ??= unknown;
  }
  throw refusal ?? new Error("no model to cut a response with");
}

function firstUnknown(models: readonly Model[], cutter: Model, tokens: Int32Array): ArgsearchError | undefined {
  for (const model of models) {
    const [token] = model === cutter ? [] : model.lacking(tokens);
    if (token === undefined) continue;
    const text = cutter.texts(Int32Array.of(token)).join("");
    const what = `the response holds token ${token} (${JSON.stringify(text)}) of ${cutter.info.path}, which ${model.info.path} does not have`;
    return new ArgsearchError("INPUT_INVALID", what);
  }
  return undefined;
}

/** A response's tokens, and the spaces that they begin with and the response does not. */
type Led = readonly [tokens: Int32Array, lead: string];

/** For each of one response's tokens the place of the one among the others by whose end as much of the response is read. */
export function sameEnds(model: Model, [tokens, lead]: Led, [others, otherLead]: Led): number[] {
  const ends = endsOf(model, others, otherLead);
  return endsOf(model, tokens, lead).map((end) => {
    const place = ends.findIndex((other) => other >= end);
    return place < 0 ? ends.length - 1 : place;
  });
}

/**
 * For each of one response's tokens the place of the last of another model's that ends where it does or before; -1 where none does. A model's tokens
 * may write the response otherwise than it was: the last one has all of it.
 */
export function endsBefore(model: Model, [tokens, lead]: Led, other: Model, [others, otherLead]: Led): number[] {
  const ends = endsOf(other, others, otherLead);
  return endsOf(model, tokens, lead).map((end, index) => {
    if (index === tokens.length - 1) return others.length - 1;
    return ends.findLastIndex((each) => each <= end);
  });
}

/** In bytes of the response. */
function endsOf(model: Model, tokens: Int32Array, lead: string): number[] {
  let end = -lead.length;
  return model.pieces(tokens).map(({ length }) => {
    end += length;
    return end;
  });
}

/** What tokens write, without the spaces before the response. */
export function piecesBehind(lead: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  let left = lead.length;
  return pieces.map((bytes) => {
    const own = bytes.subarray(left);
    left -= bytes.length - own.length;
    return own;
  });
}
