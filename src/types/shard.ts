/**
 * A part of work over many lines or prompts that can be done elsewhere: `index`, from 1, of `count`. Shards are made of whole batches, dealt out
 * in turn, so that numbers round as in a run that is not sharded.
 */
export interface Shard {
  /** From 1 to `count`. */
  index: number;
  /** From 1. */
  count: number;
}
