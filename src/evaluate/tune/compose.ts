/** The report of tune(): blocks. */
import { toJson } from "../../files/json.js";
import { describeMethod } from "../describe-method.js";
import { type Block, type Cell, heading, type Report, type Table, text } from "../report/document.js";
import { exampleBlocks } from "../report/examples.js";
import { digits, shownEstimate, shownValue, titleOf } from "../report/numbers.js";
import { rewardVerdicts } from "../report/reward-verdicts.js";
import { filesTable, remarks, settingsTable } from "../report/settings.js";
import { spread } from "../report/spread.js";
import type { EvaluatedResponse } from "../response.js";
import type { EvaluationResults } from "../results.js";
import type { BoundCheck } from "./bounds.js";
import type { TunePoint } from "./choose.js";
import { BASELINE } from "./options.js";
import type { TuneResult } from "./tune.js";
import { interval } from "./words.js";

export interface TuneReportInput {
  found: TuneResult;
  responses: readonly EvaluatedResponse[];
  charts: readonly { name: string; caption: string }[];
  /** The command or call that makes it again; null when it is not known. */
  command: string | null;
}

/** Prompts whose answers are shown. */
const EXAMPLES = 3;

const NOISE =
  "Bounds are shares of what greedy decoding with the same samplers has, and held by the values themselves. Beside each share stands the 95 % interval of the paired difference: where it reaches over the bound, other prompts might have decided otherwise. More prompts make it narrower.";

export function composeTuneReport({ found, responses, charts, command }: TuneReportInput): Report {
  const results = restricted(found.evaluation, [BASELINE, ...found.points.map(({ name }) => name)]);
  const { data, generation, seed, methods } = results.settings;
  const blocks: Block[] = [
    text(
      `${data.prompts} prompts, ${generation.maxTokens} new tokens, seed ${seed}; plain decoding: ${describeMethod(methods[BASELINE] ?? {})}.`,
    ),
    ...found.verdict.map(text),
    ...(found.settings === null ? [] : [{ kind: "code" as const, text: toJson(found.settings).trimEnd() }]),
    heading("Weights"),
    weightTable(found),
    ...charts.map((chart) => ({ kind: "chart" as const, ...chart })),
    text(NOISE),
    ...rewardVerdicts(results),
    heading("Examples"),
    ...exampleBlocks(restricted(results, shownNames(found)), responses, spread(data.prompts, EXAMPLES)),
    heading("Settings"),
    settingsTable(results),
    filesTable(results),
    ...remarks(results),
    ...(command === null ? [] : [heading("Make it again"), { kind: "code" as const, text: command }]),
  ];
  return { title: "How strong the reward may guide", blocks };
}

/** What was chosen, or all weights where nothing was, beside plain decoding. */
function shownNames({ chosen, points }: TuneResult): string[] {
  return [BASELINE, ...(chosen === null ? points : [chosen]).map(({ name }) => name)];
}

function weightTable({ points, baseline }: TuneResult): Table {
  const free = ["reward", "judgeReward"].filter((metric) => baseline[metric] !== undefined);
  const bound = [...new Set(points.flatMap(({ bounds }) => bounds.map(({ metric }) => metric)))];
  const row = ({ name, method, weight, measures, bounds, within }: TunePoint): Cell[] => [
    weight === null ? name : `${method}, w = ${weight}`,
    within ? "yes" : "no",
    ...free.map((metric) => shownEstimate(metric, measures[metric])),
    ...bound.map((metric) => shownCheck(bounds.find((check) => check.metric === metric))),
  ];
  const plain = [
    "greedy",
    "",
    ...free.map((metric) => shownEstimate(metric, baseline[metric])),
    ...bound.map((metric) => `1 (${titleOf(metric)}: ${digits(shownValue(metric, baseline[metric]?.mean ?? Number.NaN))})`),
  ];
  const head = ["", "within bounds", ...free.map(titleOf), ...bound.map((metric) => `${metric}, share of greedy's`)];
  return { kind: "table", head, rows: [plain, ...points.map(row)] };
}

function shownCheck(check: BoundCheck | undefined): Cell {
  if (check === undefined) return "–";
  const { share, value, holds } = check;
  const mark = holds ? "" : " ✗";
  return share === null ? `${digits(value)}, greedy's 0${mark}` : { value: `${digits(share.mean)}${mark}`, below: interval(share) };
}

/** The results as if these methods alone had been decoded. */
export function restricted(results: EvaluationResults, names: readonly string[]): EvaluationResults {
  const { settings, methods, judgeReward = [] } = results;
  const kept = <T>(record: Readonly<Record<string, T>>): Record<string, T> => {
    return Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
  };
  return {
    ...results,
    methods: kept(methods),
    judgeReward: judgeReward.filter(({ method, baseline }) => names.includes(method) && names.includes(baseline)),
    settings: {
      ...settings,
      methods: kept(settings.methods),
      pairs: settings.pairs.map((pair) => ({ ...pair, methods: pair.methods.filter((name) => names.includes(name)) })),
    },
  };
}
