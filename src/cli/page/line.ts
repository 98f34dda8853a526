/** A page as lines of spans, before any colour: the terminal and the SVG picture draw the same. */

export interface Span {
  text: string;
  /** Colours it. */
  reward?: number | null;
  style?: "bold" | "dim";
}

export type Line = Span[];

export const BLANK: Line = [];

export const plain = (text: string): Span => ({ text });
export const bold = (text: string): Span => ({ text, style: "bold" });
export const dim = (text: string): Span => ({ text, style: "dim" });

/** Combining marks, joiners and selectors stand in no column of their own. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian Wide and Fullwidth, by blocks, and what is shown as an emoji. */
const TWO =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])$/u;

/** Columns that a text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character <= "~" ? 1 : NONE.test(character) ? 0 : TWO.test(character) ? 2 : 1;
  return columns;
}

export function widthOf(line: Line): number {
  return line.reduce((width, { text }) => width + columnsOf(text), 0);
}

/** Filled with spaces to that width. */
export function padded(line: Line, width: number): Line {
  return [...line, plain(" ".repeat(Math.max(0, width - widthOf(line))))];
}
