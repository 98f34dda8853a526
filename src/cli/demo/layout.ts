/** What the demo shows: every prompt's two answers, and a table of their figures. */
import { mean } from "../../statistics.js";
import { beside, type View } from "../page/beside.js";
import { BLANK, bold, dim, type Line, plain } from "../page/line.js";

/** One method's answer. */
export interface Response {
  method: string;
  steps: { text: string; reward: number | null }[];
  reward: number;
  diversity: number;
  tokensPerSecond: number;
}

/** Every method's answer to one prompt. */
export interface Comparison {
  prompt: string;
  responses: [greedy: Response, args: Response];
}

/** One prompt's responses: side by side, or one above the other when the page is narrow. */
export function comparison({ prompt, responses: [greedy, args] }: Comparison, view: View): Line[] {
  return [[bold(`› ${prompt}`)], BLANK, ...beside([answerOf(greedy), answerOf(args)], view), BLANK];
}

function answerOf({ method, steps, reward, diversity, tokensPerSecond }: Response) {
  const figures = `reward ${reward.toFixed(2)} · diversity ${diversity.toFixed(2)} · ${tokensPerSecond.toFixed(0)} tokens/s`;
  return { heading: method, text: steps, figures };
}

const FIGURES = [
  { title: "reward", key: "reward", digits: 2 },
  { title: "diversity", key: "diversity", digits: 2 },
  { title: "tokens/s", key: "tokensPerSecond", digits: 0 },
] as const;

type Figure = (typeof FIGURES)[number]["key"];

/** The closing table: one row a prompt, then the averages. */
export function summary(results: readonly Comparison[], width: number): Line[] {
  const name = Math.min(60, width - FIGURES.length * 20);
  const cells = (value: (method: 0 | 1, key: Figure) => number): string =>
    FIGURES.map(({ key, digits }) => pair(value(0, key).toFixed(digits), value(1, key).toFixed(digits))).join("");
  const average = (method: 0 | 1, key: Figure): number => mean(results.map(({ responses }) => responses[method][key]));
  return [
    [bold("".padEnd(name) + FIGURES.map(({ title }) => title.padStart(20)).join(""))],
    [dim("".padEnd(name) + FIGURES.map(() => pair("greedy", "ARGS")).join(""))],
    ...results.map(({ prompt, responses }) => [plain(clip(prompt, name).padEnd(name) + cells((method, key) => responses[method][key]))]),
    [bold("average".padEnd(name) + cells(average))],
  ];
}

function pair(left: string, right: string): string {
  return left.padStart(11) + right.padStart(9);
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
