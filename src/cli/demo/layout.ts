/** The page as lines of spans, before any colour: the terminal and the SVG picture draw the same. */
import { mean } from "../../statistics.js";

/** The colours' ends. */
export interface Scale {
  low: number;
  high: number;
}

export interface Span {
  text: string;
  /** Colours it. */
  reward?: number | null;
  style?: "bold" | "dim";
}

export type Line = Span[];

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

export interface View {
  /** Characters. */
  width: number;
  /** Put each line's mean reward before it, for pages without colours. */
  numbers: boolean;
}

const GUTTER = 7;

const plain = (text: string): Span => ({ text });
const bold = (text: string): Span => ({ text, style: "bold" });
const dim = (text: string): Span => ({ text, style: "dim" });

export const BLANK: Line = [];

/** A bar from the lowest to the highest colour. */
export function legend({ low, high }: Scale): Line {
  const steps = 24;
  const bar = Array.from({ length: steps }, (_, step) => ({ text: "█", reward: low + ((high - low) * step) / (steps - 1) }));
  return [dim("reward of the text so far, at each token   "), dim(`${low.toFixed(1)} `), ...bar, dim(` ${high.toFixed(1)}`)];
}

/** One prompt's responses: side by side, or one above the other when the page is narrow. */
export function comparison({ prompt, responses }: Comparison, { width, numbers }: View): Line[] {
  const heading = [bold(`› ${prompt}`)];
  if (width < 100) return [heading, ...responses.flatMap((response) => [BLANK, ...block(response, width, numbers)]), BLANK];
  const column = Math.floor((width - 3) / 2);
  const [left, right] = [block(responses[0], column, numbers), block(responses[1], column, numbers)];
  const height = Math.max(left.length, right.length);
  const other = stretched(right, height);
  const rows = stretched(left, height).map((line, row) => [...padded(line, column), dim(" │ "), ...(other[row] ?? BLANK)]);
  return [heading, BLANK, ...rows, BLANK];
}

/** A response: its method, its text, its figures. */
function block(response: Response, width: number, numbers: boolean): Line[] {
  const text = wrap(response.steps, width - (numbers ? GUTTER : 0));
  return [[bold(response.method)], ...(numbers ? text.map(withNumber) : text), [dim(figures(response))]];
}

/** A block of that height, its figures at the bottom. */
function stretched(block: Line[], height: number): Line[] {
  return [...block.slice(0, -1), ...Array<Line>(height - block.length).fill(BLANK), ...block.slice(-1)];
}

function figures({ reward, diversity, tokensPerSecond }: Response): string {
  return `reward ${reward.toFixed(2)} · diversity ${diversity.toFixed(2)} · ${tokensPerSecond.toFixed(0)} tokens/s`;
}

function withNumber(line: Line): Line {
  const rewards = line.map((span) => span.reward).filter((reward) => typeof reward === "number");
  return [dim((rewards.length === 0 ? "" : mean(rewards).toFixed(2)).padStart(GUTTER - 2)), plain("  "), ...line];
}

function padded(line: Line, width: number): Line {
  return [...line, plain(" ".repeat(Math.max(0, width - lengthOf(line))))];
}

export function lengthOf(line: Line): number {
  return line.reduce((length, span) => length + [...span.text].length, 0);
}

interface Character {
  character: string;
  reward: number | null;
}

/** Steps as lines of at most `width` characters, broken at spaces and line ends; each character keeps its token's reward. */
function wrap(steps: Response["steps"], width: number): Line[] {
  let line: Character[] = [];
  const lines = [line];
  let word: Character[] = [];
  const newLine = (): void => {
    line = [];
    lines.push(line);
  };
  const endWord = (): void => {
    if (line.length + word.length > width) newLine();
    line.push(...word);
    word = [];
  };
  for (const each of steps.flatMap(({ text, reward }) => [...text].map((character) => ({ character, reward })))) {
    if (each.character === "\n") {
      endWord();
      newLine();
    } else if (each.character === " ") {
      endWord();
      if (line.length > 0 && line.length < width) line.push(each);
    } else {
      if (word.length === width) endWord();
      word.push(each);
    }
  }
  endWord();
  return lines.map(runs);
}

/** Neighbouring characters of one reward as one span. */
function runs(characters: readonly Character[]): Line {
  const spans: Line = [];
  for (const { character, reward } of characters) {
    const last = spans.at(-1);
    if (last !== undefined && last.reward === reward) last.text += character;
    else spans.push({ text: character, reward });
  }
  return spans;
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
