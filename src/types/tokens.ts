/** What the policy's tokenizer takes. */

/** Options of tokenize(). */
export interface TokenizeOptions {
  /** true: control tokens that the text spells out ("<|im_end|>") become these tokens. Default false: they are text like any other. */
  special?: boolean | undefined;
}

/** Options of detokenize(). */
export interface DetokenizeOptions {
  /** true: control tokens are written as they are spelt. Default false: they are left out. */
  special?: boolean | undefined;
}
