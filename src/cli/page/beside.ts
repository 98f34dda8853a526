/** Two answers side by side, or one above the other where the page is narrow. */
import { mean } from "../../statistics.js";
import { BLANK, bold, dim, type Line, padded, plain, type Span } from "./line.js";
import { type RewardedText, wrap } from "./wrap.js";

/** One method's answer. */
export interface Answer {
  heading: string;
  text: readonly RewardedText[];
  /** What stands below it. */
  figures: string;
}

export interface View {
  /** Columns. */
  width: number;
  /** Put each line's mean reward before it, for pages without colours. */
  numbers: boolean;
}

interface Block {
  text: Line[];
  figures: Line[];
}

/** A page of fewer columns has one answer above the other. */
const NARROW = 80;
const GUTTER = 7;

export function beside([one, other]: readonly [Answer, Answer], { width, numbers }: View): Line[] {
  if (width < NARROW) return [...stretched(block(one, width, numbers)), BLANK, ...stretched(block(other, width, numbers))];
  const column = Math.floor((width - 3) / 2);
  const blocks = [one, other].map((answer) => block(answer, column, numbers));
  const height = Math.max(...blocks.map((each) => stretched(each).length));
  const [left = [], right = []] = blocks.map((each) => stretched(each, height));
  return left.map((line, row) => [...padded(line, column), dim(" │ "), ...(right[row] ?? BLANK)]);
}

function block({ heading, text, figures }: Answer, width: number, numbers: boolean): Block {
  const lines = wrap(text, width - (numbers ? GUTTER : 0));
  return {
    text: [...styled(bold, heading, width), ...(numbers ? lines.map(withNumber) : lines)],
    figures: styled(dim, figures, width),
  };
}

/** At least that many lines, the figures at the bottom. */
function stretched({ text, figures }: Block, height = 0): Line[] {
  return [...text, ...Array<Line>(Math.max(0, height - text.length - figures.length)).fill(BLANK), ...figures];
}

function styled(style: (text: string) => Span, text: string, width: number): Line[] {
  return wrap([{ text, reward: null }], width).map((line) => line.map((span) => style(span.text)));
}

function withNumber(line: Line): Line {
  const rewards = line.map((span) => span.reward).filter((reward) => typeof reward === "number");
  return [dim((rewards.length === 0 ? "" : mean(rewards).toFixed(2)).padStart(GUTTER - 2)), plain("  "), ...line];
}
