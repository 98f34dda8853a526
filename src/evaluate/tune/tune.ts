import { SETTING_NAMES } from "../../decode/settings.js";
import { type SettingsFile, settingsModels } from "../../decode/settings-file.js";
import { toJson } from "../../files/json.js";
import { writeWhole } from "../../files/whole-file.js";
import { packageManifest } from "../../package-root.js";
import { withFiles } from "../../reward/hub-models.js";
import { resolveTerms } from "../../reward/terms.js";
import type { DecodingSettings } from "../../types.js";
import { evaluate, inputsOf } from "../evaluate.js";
import type { MethodSettings } from "../methods.js";
import { type ResolvedPair, resolveEvaluation } from "../options.js";
import { loadPrompts } from "../prompts.js";
import type { EvaluationResults, MethodResult } from "../results.js";
import { choosePoint, type TunePoint, tunePoints } from "./choose.js";
import { openTuneDirectory, removeSettings, type TuneDirectory } from "./directory.js";
import { BASELINE, type ResolvedTune, resolveTune, type TuneOptions } from "./options.js";
import { choosePrompts } from "./prompts.js";
import { tuneVerdict } from "./words.js";

/** What tune() found. */
export interface TuneResult {
  /** The settings to decode with; null where no weight keeps the bounds. */
  settings: DecodingSettings | null;
  /** What they are of; null without any. */
  chosen: TunePoint | null;
  /** Why these, or why none: sentences. */
  verdict: string[];
  /** Every method at every weight. */
  points: TunePoint[];
  /** Plain decoding with the same samplers. */
  baseline: MethodResult;
  /** What was decoded and measured. */
  evaluation: EvaluationResults;
}

/**
 * Looks for how strong a reward may guide: decodes a few dozen prompts plainly and at several weights, and takes the largest weight whose
 * text stays within bounds of plain decoding, by the means that were found; the intervals beside them say how sure that is.
 *
 * With `out` the settings go to settings.json in that directory, for load({ settings }) and `--settings`, unless no weight keeps the bounds;
 * tune.json has all that was found but the evaluation, which is in `evaluation`: the same call goes on with it. writeTuneReport() makes
 * a report of it.
 *
 * ```js
 * const { settings } = await tune({ policy: "p.gguf", reward: "r.gguf", data: "prompts.jsonl", out: "tuned" });
 * if (settings) await load({ policy: "p.gguf", reward: "r.gguf", settings });
 * ```
 *
 * @throws ArgsearchError as evaluate()
 */
export async function tune(asked: TuneOptions): Promise<TuneResult> {
  resolveTune(asked);
  const options = await withFiles(asked, { engineDir: asked.engineDir, gpu: asked.gpu, signal: asked.signal });
  const { count: _, weights: __, bounds: ___, settings: ____, ...common } = options;
  const plan = resolveTune(options);
  const wanted = { ...common, methods: plan.methods, sweep: plan.sweep };
  const resolved = resolveEvaluation(wanted, "tune()");
  const { prompts } = await loadPrompts(options, options.onBadLine);
  const directory = options.out === undefined ? undefined : await openTuneDirectory(options.out, inputsOf(options, resolved));
  const found = resultOf(
    plan,
    await evaluate({
      ...wanted,
      data: choosePrompts(prompts, plan.count, resolved.seed),
      format: undefined,
      out: directory?.evaluation,
    }),
  );
  if (directory !== undefined) await keep(directory, found, resolved.pairs);
  return found;
}

function resultOf({ candidates, bounds }: ResolvedTune, evaluation: EvaluationResults): TuneResult {
  const points = tunePoints(evaluation, candidates, { baseline: BASELINE, bounds });
  const chosen = choosePoint(points) ?? null;
  const settings = candidates.find(({ name }) => name === chosen?.name)?.settings;
  return {
    settings: settings === undefined ? null : decodingSettings(settings),
    chosen,
    verdict: tuneVerdict({ chosen, points }),
    points,
    baseline: evaluation.methods[BASELINE] ?? {},
    evaluation,
  };
}

/** Those that generate() takes: drafts of whole responses are not among them. */
function decodingSettings({ drafts, ...others }: MethodSettings): DecodingSettings {
  const settings: DecodingSettings = others.method === "blocks" ? { ...others, drafts } : others;
  return Object.fromEntries(SETTING_NAMES.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])));
}

/** The settings last, when all that they rest on is there; none of an earlier call that found some. */
async function keep(directory: TuneDirectory, { evaluation: _, ...found }: TuneResult, [pair]: readonly ResolvedPair[]): Promise<void> {
  await removeSettings(directory);
  await writeWhole(directory.found, toJson(found));
  if (found.settings === null || pair === undefined) return;
  const file: SettingsFile = {
    argsearch: { version: packageManifest().version },
    models: await settingsModels({ policy: pair.policy, terms: resolveTerms(pair.reward) }),
    settings: found.settings,
  };
  await writeWhole(directory.settings, toJson(file));
}
