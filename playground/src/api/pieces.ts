import type { WireToken } from "./wire.js";

/**
 * Which part of a chunk's text each of its tokens shows. A token's own text may be torn or held back, so the chunk's text counts: what
 * the tokens' texts do not explain goes to the last of them.
 */
export function pieces(content: string, tokens: readonly WireToken[]): string[] {
  let rest = content;
  return tokens.map(({ text }, at) => {
    if (at === tokens.length - 1) return rest;
    const piece = rest.startsWith(text) ? text : "";
    rest = rest.slice(piece.length);
    return piece;
  });
}
