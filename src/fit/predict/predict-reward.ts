/** A reward model learns to guess its own rewards, so that a search need not ask it for every candidate. */

import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { readPrompts } from "../../data/read.js";
import { loadLocal } from "../../decode/load-local.js";
import { resolveLoad } from "../../decode/load-options.js";
import type { LocalDecoder } from "../../decode/local-decoder.js";
import { binding, type PredictorWeights } from "../../engine/binding.js";
import { computationKey } from "../../engine/computation.js";
import { native } from "../../engine/native.js";
import { defaultThreads } from "../../engine/threads.js";
import { ArgsearchError } from "../../errors.js";
import { fingerprint } from "../../files/fingerprint.js";
import { KeyedLines } from "../../files/keyed-lines.js";
import { alone } from "../../files/output-file.js";
import { Metadata } from "../../gguf/metadata.js";
import { PREDICTOR_PREFIX, predictorEntries } from "../../gguf/predictor.js";
import { isHubName } from "../../hub/name.js";
import { clockKey } from "../../model/template-options.js";
import { withFiles } from "../../reward/hub-models.js";
import type { Prompt } from "../../types.js";
import { invalid } from "../../validate.js";
import { type Calibration, calibrate, chooseZ, type Scoring, stepsToProve } from "./calibrate.js";
import { type Collected, collect } from "./collect.js";
import { type PredictOptions, type PredictResult, type ResolvedPredict, resolvePredict } from "./options.js";
import { type Trained, train } from "./train.js";
import { decodeTrajectory, encodeTrajectory, type Trajectory } from "./trajectory.js";

/** How steps come about: raise the number when that changes. */
const FORM = 1;
/** Prompts that give trainer, stopper and checker one each. */
const FEWEST_PROMPTS = 3;

/**
 * Decodes prompts as generate() does, trains a small network to guess each candidate's reward from the reward model's hidden state before
 * it and from the candidate's token embedding, and writes it into the reward model's file, for `gate: "predicted"`. How far guesses are to be
 * trusted is read off prompts that were held out. The file appears under its name only when it is whole. A run that was interrupted goes on
 * when it is called again with the same models, prompts and settings.
 *
 * ```js
 * await predictReward({ reward: "reward.gguf", prompts: "prompts.jsonl" });
 * const decoder = await load({ policy: "policy.gguf", reward: "reward.gguf" });
 * await decoder.generate("Hello", { gate: "predicted" });
 * ```
 *
 * @throws ArgsearchError OPTION_INVALID, also for a head of several labels; REWARD_HEAD_MISSING; BUSY when another run writes `out`; INPUT_INVALID for fewer
 * than 3 prompts, or steps in which no reward differs; MODEL_INVALID for hidden states that are not finite; FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE,
 * FILE_UNWRITABLE; ABORTED; as load()
 */
export async function predictReward(options: PredictOptions): Promise<PredictResult> {
  const checked = resolvePredict(options);
  const { reward, out, load: how } = checked;
  if (isHubName(reward) && out === reward) throw invalid("out", "given: a file of the Hub is not replaced", options.out);
  const asked = await withFiles(checked, { engineDir: options.engineDir, gpu: options.gpu, signal: how.signal });
  const files = [asked.policy, asked.reward, ...(typeof asked.prompts === "string" ? [asked.prompts] : [])];
  const inputs = files.filter((each) => each !== asked.reward || asked.out !== asked.reward);
  return alone(asked.out, inputs, (target) => predictAlone(asked, `${target}.trajectories`));
}

async function predictAlone(asked: ResolvedPredict, file: string): Promise<PredictResult> {
  const prompts = await promptsOf(asked);
  const { reward, policy, chatTemplate, slots, load, settings, keepTrajectories } = asked;
  const { signal, onProgress, threads } = load;
  const models = { policy, chatTemplate, reward: { reward, chatTemplate } };
  const options = { ...pickLoad(load), ...models, slots, settings, signal, onProgress };
  const decoder = await loadLocal(resolveLoad(options));
  let collected: Collected;
  let [nHidden, threadsUsed] = [0, threads];
  try {
    requireOneLabel(decoder, reward);
    nHidden = decoder.info.rewards[0]?.nEmbd ?? 0;
    threadsUsed ??= defaultThreads(decoder.info.policy.size);
    collected = await collect(decoder, prompts, await openKept(file, asked, decoder, nHidden), asked);
  } finally {
    // Before its file is replaced.
    await decoder.dispose();
  }
  const trained = await learn(collected, asked, nHidden, threadsUsed);
  const calibration = calibrate(trained.heldOut, scoringOf(asked));
  const { chosen, proven } = chooseZ(calibration.table, asked.rate);
  const bytes = await write(asked, trained.weights, calibration, chosen.z, prompts.length);
  if (!keepTrajectories) await rm(file, { force: true });
  return resultOf(asked, trained, calibration, { chosen, proven, bytes });
}

async function promptsOf({ prompts, format, onBadLine }: ResolvedPredict): Promise<Prompt[]> {
  if (typeof prompts !== "string") return enough([...prompts], "the array of prompts");
  const found: Prompt[] = [];
  for await (const { value } of readPrompts(prompts, { format, onBadLine })) found.push(value);
  return enough(found, prompts);
}

function enough(prompts: Prompt[], where: string): Prompt[] {
  if (prompts.length >= FEWEST_PROMPTS) return prompts;
  const message = `${where} holds ${prompts.length} prompts: it takes ${FEWEST_PROMPTS} to learn from, to stop by and to check with, and some hundred to be any good`;
  throw new ArgsearchError("INPUT_INVALID", message);
}

function pickLoad({ engineDir, gpu, gpuLayers, threads, contextSize, batchSize, kvType }: ResolvedPredict["load"]) {
  return { engineDir, gpu, threads, contextSize, batchSize, kvType, ...(gpuLayers >= 0 && { gpuLayers }) };
}

function requireOneLabel({ info }: LocalDecoder, path: string): void {
  if (info.objectives.length === 1) return;
  const labels = `${path} has the labels ${info.objectives.join(", ")}`;
  throw new ArgsearchError("OPTION_INVALID", `${labels}: a predictor guesses one. Attach a head of one row`, { option: "reward" });
}

/** Steps that an older run with the same models, settings and engine has decoded. */
async function openKept(file: string, asked: ResolvedPredict, decoder: LocalDecoder, nHidden: number): Promise<KeyedLines<Trajectory>> {
  const { policy, reward, settings, template, seed, slots } = asked;
  const { engine, computation, contextSize, rewards, policy: own } = decoder.info;
  const clock = clockKey([own.chatTemplate, rewards[0]?.chatTemplate ?? null], template.date);
  const models = [await fingerprint(policy), await fingerprint(reward)];
  const decoding = [settings, template.template, template.templateVariables, clock, seed, slots, contextSize];
  const run = createHash("sha256")
    .update(JSON.stringify([FORM, models, decoding, computationKey(engine, computation)]))
    .digest("hex");
  return KeyedLines.open(file, {
    field: "trajectory",
    accept: (value) => decodeTrajectory(value, nHidden, run),
    encode: (value) => encodeTrajectory(value, run),
  });
}

async function learn({ trajectories, roles }: Collected, asked: ResolvedPredict, nHidden: number, threads: number): Promise<Trained> {
  if (trajectories.length < FEWEST_PROMPTS) throw new ArgsearchError("INPUT_INVALID", "too few prompts could be decoded to learn from");
  const { reward, seed, epochs, settings, load, onProgress } = asked;
  const options = { reward, nHidden, endsByPolicy: (settings.ending ?? "policy") === "policy", epochs, seed, threads, signal: load.signal };
  const report = (done: number, total: number): void => onProgress({ phase: "train", done, total });
  try {
    return await train(trajectories, roles, { ...options, onProgress: report });
  } catch (error) {
    if (!(error instanceof ArgsearchError && error.code === "OPTION_INVALID")) throw error;
    throw new ArgsearchError("INPUT_INVALID", error.message, { cause: error });
  }
}

function scoringOf({ settings }: ResolvedPredict): Scoring {
  const additive = settings.combine === "additive";
  const weight = settings.weight ?? (additive ? 1.5 : 0.6);
  return { logProb: additive ? 1 : 1 - weight, reward: weight };
}

/** Bytes that the file grew by. */
async function write(asked: ResolvedPredict, weights: PredictorWeights, found: Calibration, z: number, prompts: number): Promise<number> {
  const { reward, out, rate } = asked;
  const { logProb, reward: weight } = scoringOf(asked);
  const dataset = `${typeof asked.prompts === "string" ? basename(asked.prompts) : "prompts"}, ${prompts} prompts`;
  const set = predictorEntries(weights, { ...found, z, rate, weight: weight / Math.max(logProb, 1e-6), dataset });
  const metadata = new Metadata(await native(() => binding().readGguf(reward)));
  const remove = metadata.keys.filter((key) => key.startsWith(PREDICTOR_PREFIX) && !set.some((entry) => entry.key === key));
  const before = (await native(() => binding().readGguf(reward))).size;
  await native(() => binding().rewriteGguf(reward, out, set, remove));
  return (await native(() => binding().readGguf(out))).size - before;
}

function resultOf(
  { out, rate }: ResolvedPredict,
  { steps, epochs }: Trained,
  { explained, deviation, unscoredRate, table }: Calibration,
  found: Pick<PredictResult, "chosen" | "proven" | "bytes">,
): PredictResult {
  return { out, steps, explained, deviation, ...found, rate, stepsToProve: stepsToProve(rate), unscoredRate, table, epochs };
}
