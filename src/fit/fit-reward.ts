/** A reward model fitted on a laptop: the trunk stays frozen, only the head is learned. */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { checkedPair, type PreferencePair } from "../data/pair-formats.js";
import { type Numbered, readPairs } from "../data/read.js";
import { binding, type EngineInfo } from "../engine/binding.js";
import { chooseEngine } from "../engine/choice.js";
import { computationKey, computationOf } from "../engine/computation.js";
import { native } from "../engine/native.js";
import { ArgsearchError } from "../errors.js";
import { fingerprint } from "../files/fingerprint.js";
import { countLines } from "../files/json-lines.js";
import { alone } from "../files/output-file.js";
import { writeWithHead } from "../gguf/attach.js";
import { inspect } from "../gguf/inspect.js";
import { localModel } from "../hub/local-model.js";
import { loadModels } from "../model/load-models.js";
import { contextFor } from "../model/options.js";
import { clockKey } from "../model/template-options.js";
import { type Extracted, extractFeatures, type Where } from "./extract.js";
import { FeatureFile } from "./feature-file.js";
import { type FittedHead, fitHead } from "./fit-head.js";
import { type FitOptions, type FitResult, type PairSource, type ResolvedFit, resolveFit } from "./options.js";
import { PREFIX_LENGTHS } from "./prefixes.js";
import { PairReader } from "./reader.js";
import { type Split, splitPairs } from "./split.js";

/** How pairs become tokens: raise the number when that changes. */
const READING = 4;
const FOLDS = 5;
/** Fewer pairs tell nothing. */
const FEWEST = 10;

/** The pairs that were read, by what they are for. */
interface Read {
  fit: Extracted;
  heldOut: Extracted | undefined;
  malformed: number;
}

/**
 * Learns a linear head on a frozen trunk from preference pairs and writes trunk and head as a new GGUF. Each pair is read
 * after 4, 8, 16, 32, 64, 128, 192 and 256 response tokens, at the end and at the token that ends the turn; L2-regularised Bradley–Terry on
 * standardised differences of hidden states, and squared differences along preferred responses, strengths by cross-validation. The file appears under its name only when it is whole. A run that
 * was interrupted goes on when it is called again with the same model and pairs.
 *
 * @throws ArgsearchError OPTION_INVALID; BUSY when another run writes `out`; INPUT_INVALID when fewer than 10 pairs can be used or they cancel out; MODEL_INVALID for hidden
 * states that are not finite; FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, FILE_UNWRITABLE; ABORTED; as load()
 */
export async function fitReward(options: FitOptions): Promise<FitResult> {
  const checked = resolveFit(options);
  const asked = { ...checked, model: await localModel("model", checked.model, { signal: checked.load.signal }) };
  const inputs = [asked.model, asked.pairs, asked.heldOut].filter((each) => typeof each === "string");
  return alone(asked.out, inputs, (target) => fitAlone(asked, `${target}.features`));
}

async function fitAlone(asked: ResolvedFit, features: string): Promise<FitResult> {
  const { signal } = asked.load;
  const { engine, gpu } = await chooseEngine(asked.load, signal);
  const fit = { ...asked, load: { ...asked.load, gpu } };
  const { name, embeddingLength, chatTemplate } = await inspect(fit.model);
  if (embeddingLength === null) throw new ArgsearchError("MODEL_INVALID", `${fit.model} does not say how long its embedding is`);
  const file = await FeatureFile.open(features, embeddingLength, await keyOf(fit, engine, chatTemplate));
  try {
    const read = await readAll(fit, file);
    const heldOut = typeof fit.heldOut === "string" ? 0 : fit.heldOut;
    const split = await splitPairs(heads(file), { heldOut, folds: FOLDS, seed: fit.seed });
    requireEnough(split, fit);
    const onProgress = (done: number, total: number): void => fit.onProgress({ phase: "fit", done, total });
    const head = await fitHead(file, split, { consistency: fit.consistency, signal, onProgress });
    await write(fit, head, read.fit, name);
    if (fit.keepFeatures) await file.close();
    else await file.remove();
    return resultOf(fit, head, split, read);
  } catch (error) {
    await file.suspend();
    throw error;
  }
}

/** What the hidden states depend on, apart from the pairs. */
async function keyOf(fit: ResolvedFit, engine: EngineInfo, own: string | null): Promise<Buffer> {
  const { model, chatTemplate, template, load } = fit;
  const computed = computationKey(engine, computationOf(load, load.gpu));
  const reading = [READING, template.mode, chatTemplate ?? null, template.variables, clockKey([chatTemplate ?? own], template.date)];
  const parts = [await fingerprint(model), reading, load.contextSize ?? null, computed, PREFIX_LENGTHS];
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

async function readAll(fit: ResolvedFit, file: FeatureFile): Promise<Read> {
  const template = fit.chatTemplate === undefined ? undefined : { text: fit.chatTemplate, option: "chatTemplate" };
  const [model] = await loadModels([{ path: fit.model, template }], fit.load);
  try {
    const context = contextFor(fit.load, [model.info]);
    const scorer = await native(() => binding().createScorer({ ...context, model: model.native, sequences: 2 }));
    try {
      const { template, load } = fit;
      const reader = new PairReader({ model, scorer, contextSize: context.contextSize, template, signal: load.signal });
      return await readSources(fit, file, reader);
    } finally {
      await native(() => scorer.dispose());
    }
  } finally {
    model.dispose();
  }
}

async function readSources(fit: ResolvedFit, file: FeatureFile, reader: PairReader): Promise<Read> {
  const total = (await sizeOf(fit.pairs, fit.limit)) + (typeof fit.heldOut === "string" ? await countLines(fit.heldOut) : 0);
  let [done, malformed] = [0, 0];
  const onPair = (): void => fit.onProgress({ phase: "read", done: ++done, total });
  const read = (source: PairSource, heldOut: boolean, limit: number): Promise<Extracted> => {
    const bad = ({ line, place }: Where, error: ArgsearchError): void =>
      fit.onBadPair({ file: typeof source === "string" ? source : null, line, place, error });
    const onMalformed = (where: Where, error: ArgsearchError): void => {
      malformed += 1;
      bad(where, error);
      onPair();
    };
    const options = { heldOut, limit, repetition: fit.repetition, onPair, onBadPair: bad };
    return extractFeatures(file, numbered(source, fit, onMalformed), reader, options);
  };
  const own = await read(fit.pairs, false, fit.limit);
  const heldOut = typeof fit.heldOut === "string" ? await read(fit.heldOut, true, Number.POSITIVE_INFINITY) : undefined;
  await file.dropRest();
  return { fit: own, heldOut, malformed };
}

/** Pairs to be expected; 0 when that is not known. */
async function sizeOf(pairs: PairSource, limit: number): Promise<number> {
  const known = typeof pairs === "string" ? await countLines(pairs) : Array.isArray(pairs) ? pairs.length : 0;
  return Math.min(known, limit);
}

async function* numbered(
  source: PairSource,
  { format }: ResolvedFit,
  onMalformed: (where: Where, error: ArgsearchError) => void,
): AsyncGenerator<Numbered<PreferencePair>> {
  if (typeof source === "string") {
    yield* readPairs(source, { format, onBadLine: ({ number, place, error }) => onMalformed({ line: number, place }, error) });
    return;
  }
  let line = 0;
  for await (const pair of source) {
    line += 1;
    const place = `pair ${line}`;
    try {
      yield { line, place, value: checkedPair(pair) };
    } catch (error) {
      if (!(error instanceof ArgsearchError)) throw error;
      onMalformed({ line, place }, error);
    }
  }
}

async function* heads(file: FeatureFile) {
  for await (const batch of file.batches()) yield* batch;
}

function requireEnough({ training }: Split, { pairs }: ResolvedFit): void {
  if (training >= FEWEST) return;
  const where = typeof pairs === "string" ? pairs : "the data";
  throw new ArgsearchError("INPUT_INVALID", `${where} leaves ${training} usable pairs to fit on; at least ${FEWEST} are needed`);
}

async function write(fit: ResolvedFit, head: FittedHead, { pairs, hash }: Extracted, name: string | null): Promise<void> {
  const { model, out, chatTemplate, load } = fit;
  const end = head.accuracy.find(({ tokens }) => tokens === "end");
  const file = typeof fit.pairs === "string" ? basename(fit.pairs) : "pairs";
  await writeWithHead({
    model,
    out,
    chatTemplate,
    engineDir: load.engineDir,
    gpu: load.gpu,
    head: { weight: [...head.weight], shift: head.shift, scale: head.scale, position: "last" },
    provenance: {
      source: name ?? basename(model),
      dataset: `${file}, ${pairs} pairs, sha256 ${hash}`,
      ...(end && { accuracy: end.accuracy, prefixAccuracy: JSON.stringify(rounded(head.accuracy)) }),
    },
  });
}

function rounded(accuracy: FittedHead["accuracy"]): unknown {
  return accuracy.map(({ tokens, pairs, accuracy: share, low, high }) => {
    return { tokens, pairs, accuracy: round(share), low: round(low), high: round(high) };
  });
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function resultOf({ out }: ResolvedFit, head: FittedHead, split: Split, { fit, heldOut, malformed }: Read): FitResult {
  const { weight: _, ...found } = head;
  const [pairs, unusable, cut] = (["pairs", "unusable", "cut"] as const).map((name) => fit[name] + (heldOut?.[name] ?? 0));
  const { training, heldOut: checked, shared } = split;
  const counts = { read: pairs + malformed, skipped: unusable + malformed, cut, shared, training, heldOut: checked };
  return { out, pairs: counts, ...found };
}
