/** A report as blocks, before it is Markdown or HTML. */
import type { EvaluatedResponse } from "../response.js";

/** A text, or a value with what belongs below it: its interval. */
export type Cell = string | { value: string; below: string };

export interface Table {
  kind: "table";
  head: string[];
  /** The first cell names the row; a single text is a heading over the rows that follow. */
  rows: (Cell[] | string)[];
  /** What stands in its place until it is unfolded; absent: it is open. */
  folded?: string;
}

/** Longer tables are of a sweep: folded where a chart or another table says it better. */
export const MOST_ROWS = 16;

/** A drawing by its file name, without ".svg". */
export interface Chart {
  kind: "chart";
  name: string;
  caption: string;
}

/** Answers to one prompt, side by side. */
export interface Example {
  kind: "example";
  /** The prompt, or its last turn, shortened. */
  title: string;
  /** The whole prompt, where the title is not all of it. */
  prompt: string | null;
  groups: AnswerGroup[];
}

/** The answers of one pair of models. */
export interface AnswerGroup {
  /** Of the models; null when there is only one pair. */
  label: string | null;
  answers: { name: string; answer: EvaluatedResponse }[];
  /** The rewards that stand for the ends of the colour scale. */
  scale: readonly [low: number, high: number];
}

export type Block =
  | { kind: "heading"; text: string }
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | Table
  | Chart
  | Example;

export interface Report {
  title: string;
  blocks: Block[];
}

export function heading(text: string): Block {
  return { kind: "heading", text };
}

export function text(content: string): Block {
  return { kind: "text", text: content };
}
