/** Fills the feature file: each pair read once, whatever interrupts. */
import { createHash, type Hash } from "node:crypto";
import type { PreferencePair } from "../data/pair-formats.js";
import type { Numbered } from "../data/read.js";
import { ArgsearchError, type ErrorCode } from "../errors.js";
import type { FeatureFile } from "./feature-file.js";
import type { RecordHead } from "./feature-record.js";
import type { PairReader } from "./reader.js";

/** Of a pair in its source. */
export type Where = Pick<Numbered<unknown>, "line" | "place">;

export interface ExtractOptions {
  /** The pairs are to be held out. */
  heldOut: boolean;
  /** Most pairs to take. */
  limit: number;
  onPair: () => void;
  /** A pair that this model cannot read; the others go on. */
  onBadPair: (where: Where, error: ArgsearchError) => void;
}

export interface Extracted {
  /** Pairs taken from the source. */
  pairs: number;
  /** Of these, could not be read. */
  unusable: number;
  /** Of these, lost tokens of the prompt or the end of a response. */
  cut: number;
  /** SHA-256 of all pairs, in order. */
  hash: string;
}

/** What is wrong with one pair and not with the model or the machine. */
const OF_THE_PAIR: readonly ErrorCode[] = ["INPUT_INVALID", "PROMPT_EMPTY", "PROMPT_TOO_LONG", "TEMPLATE_INVALID"];

/** Appends every pair that an older run has not; returns what there is. @throws as PairReader.read(), FeatureFile.append() */
export async function extractFeatures(
  file: FeatureFile,
  pairs: AsyncIterable<Numbered<PreferencePair>>,
  reader: PairReader,
  options: ExtractOptions,
): Promise<Extracted> {
  const all = createHash("sha256");
  const found = { pairs: 0, unusable: 0, cut: 0 };
  for await (const { value, ...where } of pairs) {
    const head = await extractPair(file, value, hashInto(all, value), reader, options.heldOut, (error) => options.onBadPair(where, error));
    found.pairs += 1;
    if (head.places.length === 0) found.unusable += 1;
    if (head.cut) found.cut += 1;
    options.onPair();
    if (found.pairs === options.limit) break;
  }
  return { ...found, hash: all.digest("hex") };
}

async function extractPair(
  file: FeatureFile,
  pair: PreferencePair,
  pairHash: bigint,
  reader: PairReader,
  heldOut: boolean,
  onBad: (error: ArgsearchError) => void,
): Promise<RecordHead> {
  const done = await file.pass(pairHash, heldOut);
  if (done !== undefined && done.places.length > 0) return done;
  const head: RecordHead = { pairHash, promptHash: hashOf(JSON.stringify(pair.prompt)), heldOut, cut: false, places: [] };
  try {
    const record = { ...head, ...(await reader.read(pair)) };
    await file.append(record);
    return record;
  } catch (error) {
    if (!(error instanceof ArgsearchError && OF_THE_PAIR.includes(error.code))) throw error;
    onBad(error);
    // An empty record keeps the file in step with the pairs.
    if (done === undefined) await file.append({ ...head, values: new Float32Array(0) });
    return head;
  }
}

/** The pair's own hash; it also becomes a part of that of all pairs. */
function hashInto(all: Hash, { prompt, chosen, rejected }: PreferencePair): bigint {
  const content = JSON.stringify([prompt, chosen, rejected]);
  all.update(content);
  return hashOf(content);
}

function hashOf(content: string): bigint {
  return createHash("sha256").update(content).digest().readBigUInt64LE();
}
