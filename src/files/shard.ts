/** Parts of work: which of it is whose, and whether all of them are there. */
import { ArgsearchError } from "../errors.js";
import type { Shard } from "../types.js";
import { checkNames, integer, type Names } from "../validate.js";

const SHARD: Names<Shard> = { index: true, count: true };

/** Undefined for all of it. @throws ArgsearchError OPTION_INVALID */
export function resolveShard(shard: Shard | undefined): Shard | undefined {
  if (shard === undefined) return undefined;
  checkNames("shard", shard, SHARD);
  const count = integer("shard.count", shard.count, { min: 1, max: 1_000_000 });
  return { index: integer("shard.index", shard.index, { min: 1, max: count, note: "shard.count" }), count };
}

/** Whether the batch at that place, from 0, is the shard's. */
export function isOf(shard: Shard | undefined, batch: number): boolean {
  return shard === undefined || batch % shard.count === shard.index - 1;
}

/** What says that it is a shard, and of what. */
export interface ShardSource {
  /** File or directory. */
  path: string;
  shard: Shard;
}

/**
 * Shards of one whole, each once.
 *
 * @throws ArgsearchError INPUT_INVALID that names what is missing, there twice, or of another number
 */
export function requireAll(sources: readonly ShardSource[]): void {
  const [first] = sources;
  if (first === undefined) throw new ArgsearchError("INPUT_INVALID", "there is nothing to merge");
  const { count } = first.shard;
  const found = new Map<number, string>();
  for (const { path, shard } of sources) {
    if (shard.count !== count) {
      const message = `${path} is shard ${nameOf(shard)} and ${first.path} ${nameOf(first.shard)}: they do not make one whole`;
      throw new ArgsearchError("INPUT_INVALID", message);
    }
    const other = found.get(shard.index);
    if (other !== undefined) throw new ArgsearchError("INPUT_INVALID", `${other} and ${path} are both shard ${nameOf(shard)}`);
    found.set(shard.index, path);
  }
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !found.has(index));
  if (missing.length === 0) return;
  const what = missing.length === 1 ? "is" : "are";
  throw new ArgsearchError("INPUT_INVALID", `of ${count} shards ${missing.join(", ")} ${what} missing`);
}

export function nameOf({ index, count }: Shard): string {
  return `${index}/${count}`;
}
