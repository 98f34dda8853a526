/** The paper's numbers and one's own, side by side. */
import type { EvaluationResults, MethodResult } from "../results.js";
import { type Block, text } from "./document.js";
import { type Entry, type Lineup, lineups, PAPER_SETTINGS } from "./lineup.js";
import { digits, shownValue, titleOf } from "./numbers.js";
import { PAPER } from "./paper.js";

/** Greedy and ARGS-greedy of one pair of models; a method that was not decoded has no values. */
interface Columns {
  head: [greedy: string, guided: string];
  greedy: MethodResult;
  guided: MethodResult;
  /** Per cent. */
  winTie: string;
}

export function besidePaper(results: EvaluationResults): Block[] {
  const lines = lineups(results);
  const columns = lines.map((lineup) => columnsOf(results, lineup));
  const rows = (["reward", "diversity", "coherence"] as const).map((metric) => [
    titleOf(metric),
    String(PAPER.greedy[metric]),
    String(PAPER.argsGreedy[metric]),
    ...columns.flatMap(({ greedy, guided }) => [shown(greedy, metric), shown(guided, metric)]),
  ]);
  const gains = columns.flatMap(({ greedy, guided }) => ["", gain(greedy.reward?.mean, guided.reward?.mean)]);
  rows.push(["reward gain %", "", `+${PAPER.rewardGain}`, ...gains]);
  const published = Object.entries(PAPER.winTie).map(([data, value]) => `${value} (${data})`);
  rows.push(["win–tie %", "", published.join(", "), ...columns.flatMap(({ winTie }) => ["", winTie])]);
  return [
    { kind: "table", head: ["", "paper, greedy", "paper, ARGS-greedy", ...columns.flatMap(({ head }) => head)], rows },
    ...(lines.some(({ argsGreedy }) => argsGreedy === undefined) ? [text(NO_VARIANT)] : []),
    text(
      "The paper's numbers are of LLaMA-7B on HH-RLHF with its own reward model (ARGS, Khanov et al., ICLR 2024). Rewards of different reward models have different scales; compare directions, not sizes.",
    ),
  ];
}

const NO_VARIANT = `A column is empty where neither ARGS-greedy nor a variant of it with the paper's settings (w = ${PAPER_SETTINGS.weight}, k = ${PAPER_SETTINGS.topK}) was decoded.`;

function columnsOf({ methods, judge }: EvaluationResults, { label, greedy, argsGreedy }: Lineup): Columns {
  const own = (entry: Entry | undefined): MethodResult => (entry && methods[entry.name]) ?? {};
  const verdicts = judge.find(({ method, baseline }) => method === argsGreedy?.name && baseline === greedy?.name);
  const where = label ?? "here";
  return {
    head: [`${where}, greedy`, `${where}, ${argsGreedy?.short ?? "args-greedy"}`],
    greedy: own(greedy),
    guided: own(argsGreedy),
    winTie: verdicts?.winTie ? digits(verdicts.winTie.mean * 100) : "–",
  };
}

function shown(method: MethodResult, metric: string): string {
  const found = method[metric];
  return found ? digits(shownValue(metric, found.mean)) : "–";
}

/** A ratio says something only where both rewards are above 0. */
function gain(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined || before <= 0 || after <= 0) return "–";
  return `${after >= before ? "+" : ""}${digits((after / before - 1) * 100)}`;
}
