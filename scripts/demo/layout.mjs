/**
 * The page as lines of spans, before any colour: the terminal and the SVG picture draw the same.
 * A span is { text, reward?, style? }: reward colours it, style is "bold" or "dim".
 */
import { mean } from "./measures.mjs";

const GUTTER = 7;

const plain = (text) => ({ text });
const bold = (text) => ({ text, style: "bold" });
const dim = (text) => ({ text, style: "dim" });

export const BLANK = [];

/** A bar from the lowest to the highest colour. */
export function legend({ low, high }) {
  const steps = 24;
  const bar = Array.from({ length: steps }, (_, step) => ({ text: "█", reward: low + ((high - low) * step) / (steps - 1) }));
  return [dim("reward of the text so far, at each token   "), dim(`${low.toFixed(1)} `), ...bar, dim(` ${high.toFixed(1)}`)];
}

/**
 * One prompt's responses: side by side, or one above the other when the page is narrow.
 * `numbers`: put each line's mean reward before it, for pages without colours.
 */
export function comparison(prompt, responses, { width, numbers }) {
  const heading = [bold(`› ${prompt}`)];
  if (width < 100) return [heading, ...responses.flatMap((response) => [BLANK, ...block(response, width, numbers)]), BLANK];
  const column = Math.floor((width - 3) / 2);
  const [left, right] = responses.map((response) => block(response, column, numbers));
  const height = Math.max(left.length, right.length);
  const other = stretched(right, height);
  const rows = stretched(left, height).map((line, row) => [...padded(line, column), dim(" │ "), ...other[row]]);
  return [heading, BLANK, ...rows, BLANK];
}

/** A response: its method, its text, its figures. */
function block(response, width, numbers) {
  const text = wrap(response.steps, width - (numbers ? GUTTER : 0));
  return [[bold(response.method)], ...(numbers ? text.map(withNumber) : text), [dim(figures(response))]];
}

/** A block of that height, its figures at the bottom. */
function stretched(block, height) {
  return [...block.slice(0, -1), ...Array(height - block.length).fill(BLANK), block.at(-1)];
}

function figures({ reward, diversity, tokensPerSecond }) {
  return `reward ${reward.toFixed(2)} · diversity ${diversity.toFixed(2)} · ${tokensPerSecond.toFixed(0)} tokens/s`;
}

function withNumber(line) {
  const rewards = line.map((span) => span.reward).filter((reward) => reward !== undefined);
  return [dim((rewards.length === 0 ? "" : mean(rewards).toFixed(2)).padStart(GUTTER - 2)), plain("  "), ...line];
}

function padded(line, width) {
  return [...line, plain(" ".repeat(Math.max(0, width - lengthOf(line))))];
}

export function lengthOf(line) {
  return line.reduce((length, span) => length + [...span.text].length, 0);
}

/** Steps as lines of at most `width` characters, broken at spaces and line ends; each character keeps its token's reward. */
function wrap(steps, width) {
  const characters = steps.flatMap(({ text, reward }) => [...text].map((character) => ({ character, reward })));
  const lines = [[]];
  let word = [];
  const endWord = () => {
    if (lines.at(-1).length + word.length > width) lines.push([]);
    lines.at(-1).push(...word);
    word = [];
  };
  for (const each of characters) {
    if (each.character === "\n") {
      endWord();
      lines.push([]);
    } else if (each.character === " ") {
      endWord();
      if (lines.at(-1).length > 0 && lines.at(-1).length < width) lines.at(-1).push(each);
    } else {
      if (word.length === width) endWord();
      word.push(each);
    }
  }
  endWord();
  return lines.map(runs);
}

/** Neighbouring characters of one reward as one span. */
function runs(characters) {
  const spans = [];
  for (const { character, reward } of characters) {
    if (spans.at(-1)?.reward === reward) spans.at(-1).text += character;
    else spans.push({ text: character, reward });
  }
  return spans;
}

const FIGURES = [
  { title: "reward", key: "reward", digits: 2 },
  { title: "diversity", key: "diversity", digits: 2 },
  { title: "tokens/s", key: "tokensPerSecond", digits: 0 },
];

/** The closing table: one row a prompt, then the averages. */
export function summary(results, width) {
  const name = Math.min(60, width - FIGURES.length * 20);
  const cells = (value) => FIGURES.map(({ key, digits }) => pair(value(0, key).toFixed(digits), value(1, key).toFixed(digits))).join("");
  const average = (method, key) => mean(results.map(({ responses }) => responses[method][key]));
  return [
    [bold("".padEnd(name) + FIGURES.map(({ title }) => title.padStart(20)).join(""))],
    [dim("".padEnd(name) + FIGURES.map(() => pair("greedy", "ARGS")).join(""))],
    ...results.map(({ prompt, responses }) => [plain(clip(prompt, name).padEnd(name) + cells((method, key) => responses[method][key]))]),
    [bold("average".padEnd(name) + cells(average))],
  ];
}

function pair(left, right) {
  return left.padStart(11) + right.padStart(9);
}

function clip(text, width) {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
