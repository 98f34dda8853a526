/**
 * What guidance gains against what it costs, for several rewards on the same prompts: reward over greedy decoding, and the judge's wins and
 * ties, with 95 % intervals, by the coherence that is left. One directory of `npm run bench -- guided`, or of `argsearch eval`, for each reward.
 *
 *   npm run bench -- frontier --out frontier.svg "linear head=DIR" "all weights=DIR"
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { EvaluationResults } from "../src/evaluate/index.js";
import { topLevel } from "../src/evaluate/report/chart.js";
import { drawCharts } from "../src/evaluate/report/draw.js";
import { readResults } from "../src/evaluate/run/directory.js";

interface FrontierPoint {
  reward: string;
  /** What stands beside the point: the weight, or the method's name, as far as its first comma, where it has none. */
  label: string;
  weight: number | null;
  panel: string;
  /** Of greedy decoding's. */
  coherence: number;
  value: number;
  low: number;
  high: number;
}

const BASELINE = "greedy";
const filtered = (filter: string) => ({ transform: [{ filter }] });
const WEIGHTED = filtered("datum.weight !== null");
const NAMED = "datum.weight === null";
const FAR_LEFT = "datum.coherence < 0.6";
const PANELS = { gain: "reward over greedy decoding, deviations", judge: "judge: wins and ties, %" };

const { values: flags, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
if (flags.out === undefined || positionals.length === 0) throw new Error("--out FILE and at least one NAME=DIR are needed");
const points = (await Promise.all(positionals.map(pointsOf))).flat();
const drawn = await drawCharts([{ name: "frontier", spec: frontier(points) }]);
await writeFile(flags.out, drawn.get("frontier") ?? "");
console.table(points.map((point) => ({ ...point, coherence: Number(point.coherence.toFixed(3)), value: Number(point.value.toFixed(3)) })));

async function pointsOf(argument: string): Promise<FrontierPoint[]> {
  const [, reward = "", dir = ""] = /^(.*?)=(.*)$/.exec(argument) ?? [];
  if (dir === "") throw new Error(`${argument}: NAME=DIR is needed`);
  const results = await readResults(dir);
  if (results === undefined) throw new Error(`${dir} has no results.json`);
  const guided = Object.keys(results.methods).filter((name) => results.settings.methods[name]?.method !== "greedy");
  return guided.flatMap((name) => methodPoints(results, name).map((point) => ({ ...point, reward })));
}

function methodPoints({ methods, settings, comparisons, judgeReward }: EvaluationResults, name: string): Omit<FrontierPoint, "reward">[] {
  const [own, plain] = [methods[name], methods[BASELINE]];
  if (!own?.coherence || !plain?.coherence || !own.reward || !plain.reward) throw new Error(`${name}: without reward or coherence`);
  const weight = settings.variants?.[name]?.swept.weight ?? null;
  const common = {
    label: weight === null ? (name.split(",")[0] ?? "") : `${weight}`,
    weight,
    coherence: own.coherence.mean / plain.coherence.mean,
  };
  const wins = judgeReward?.find(({ method, baseline }) => method === name && baseline === BASELINE)?.winTie;
  const judged = wins ? [{ ...common, panel: PANELS.judge, value: 100 * wins.mean, low: 100 * wins.low, high: 100 * wins.high }] : [];
  const pair = [name, BASELINE];
  const gain = comparisons.find(({ metric, a, b }) => metric === "reward" && pair.includes(a) && pair.includes(b));
  if (gain === undefined) throw new Error(`${name} is not compared with ${BASELINE}`);
  const [value, ...ends] = [gain.mean, gain.low, gain.high].map((each) => (gain.a === name ? each : -each));
  return [{ ...common, panel: PANELS.gain, value: value ?? 0, low: Math.min(...ends), high: Math.max(...ends) }, ...judged];
}

function frontier(values: readonly FrontierPoint[]): object {
  const x = { field: "coherence", type: "quantitative", title: "coherence, of greedy decoding's", scale: { zero: false } } as const;
  const y = { field: "value", type: "quantitative", title: null, scale: { zero: false } } as const;
  const color = { field: "reward", type: "nominal", title: null, scale: { scheme: "tableau10" } } as const;
  const interval = { y: { ...y, field: "low" }, y2: { field: "high" } };
  const layer = [
    { mark: { type: "rule", opacity: 0.3 }, encoding: interval },
    { ...WEIGHTED, mark: "line", encoding: { order: { field: "weight" } } },
    { mark: { type: "point", filled: true, size: 60, opacity: 1 } },
    { ...WEIGHTED, mark: { type: "text", align: "left", dx: 7, dy: -7 }, encoding: { text: { field: "label" } } },
    // Aslant, so that names of points side by side do not cross, and into the picture.
    {
      ...filtered(`${NAMED} && !(${FAR_LEFT})`),
      mark: { type: "text", align: "right", angle: 35, dx: -7 },
      encoding: { text: { field: "label" } },
    },
    { ...filtered(`${NAMED} && ${FAR_LEFT}`), mark: { type: "text", align: "left", dx: 7, dy: 9 }, encoding: { text: { field: "label" } } },
  ];
  return topLevel({
    data: { values },
    facet: { column: { field: "panel", sort: Object.values(PANELS) } },
    spec: { width: 330, height: 260, layer, encoding: { x, y, color } },
    resolve: { scale: { y: "independent" } },
  });
}
