/** Fills the feature file: each pair read once, whatever interrupts. */
import { createHash, type Hash } from "node:crypto";
import type { PreferencePair } from "../data/pair-formats.js";
import type { Numbered } from "../data/read.js";
import { ArgsearchError, type ErrorCode } from "../errors.js";
import { derivedKinds, derivedPair } from "./derived-pair.js";
import type { FeatureFile } from "./feature-file.js";
import type { FeatureRecord, Kind, RecordHead } from "./feature-record.js";
import type { PairReader } from "./reader.js";

/** Of a pair in its source. */
export type Where = Pick<Numbered<unknown>, "line" | "place">;

export interface ExtractOptions {
  /** The pairs are to be held out. */
  heldOut: boolean;
  /** Most pairs to take. */
  limit: number;
  /** Of which share of the pairs to read what derivedPair() makes of them. */
  repetition: number;
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
  for await (const { value, line, place } of pairs) {
    const [pairHash, promptHash] = [hashInto(all, value), hashOf(JSON.stringify(value.prompt))];
    const source = { file, reader, about: { pairHash, promptHash, heldOut: options.heldOut } };
    const head = await extractPair(source, value, (error) => options.onBadPair({ line, place }, error));
    if (head.places.length > 0) await extractDerived(source, value, options.repetition);
    found.pairs += 1;
    if (head.places.length === 0) found.unusable += 1;
    if (head.cut) found.cut += 1;
    options.onPair();
    if (found.pairs === options.limit) break;
  }
  return { ...found, hash: all.digest("hex") };
}

/** Where a pair's records go to and come from. */
interface Source {
  file: FeatureFile;
  reader: PairReader;
  about: Pick<RecordHead, "pairHash" | "promptHash" | "heldOut">;
}

async function extractPair(source: Source, pair: PreferencePair, onBad: (error: ArgsearchError) => void): Promise<RecordHead> {
  const { file, about } = source;
  const done = await file.pass({ ...about, kind: "pair" });
  if (done !== undefined && done.places.length > 0) return done;
  const record = await readRecord(source, "pair", pair, onBad);
  // An empty record keeps the file in step with the pairs.
  if (done === undefined || record.places.length > 0) await file.append(record);
  return record;
}

/** What cannot be made or read leaves an empty record: nobody gave it. */
async function extractDerived(source: Source, pair: PreferencePair, share: number): Promise<void> {
  const { file, reader, about } = source;
  for (const kind of derivedKinds(about.pairHash, share)) {
    if ((await file.pass({ ...about, kind })) !== undefined) continue;
    const derived = derivedPair(kind, pair, about.pairHash, (text) => reader.tokensOf(text));
    await file.append(await readRecord(source, kind, derived, () => {}));
  }
}

/** Empty where there is no pair, and for one that cannot be read. */
async function readRecord(
  { reader, about }: Source,
  kind: Kind,
  pair: PreferencePair | undefined,
  onBad: (error: ArgsearchError) => void,
): Promise<FeatureRecord> {
  const empty: FeatureRecord = { ...about, kind, cut: false, places: [], values: new Float32Array(0) };
  if (pair === undefined) return empty;
  try {
    return { ...empty, ...(await reader.read(pair)) };
  } catch (error) {
    if (!(error instanceof ArgsearchError && OF_THE_PAIR.includes(error.code))) throw error;
    onBad(error);
    return empty;
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
