/** A report as blocks, before it is Markdown or HTML. */
import type { EvaluatedResponse } from "../response.js";

export interface Table {
  kind: "table";
  head: string[];
  /** The first cell names the row. */
  rows: string[][];
}

/** A drawing by its file name, without ".svg". */
export interface Chart {
  kind: "chart";
  name: string;
  caption: string;
}

/** Answers to one prompt, side by side. */
export interface Example {
  kind: "example";
  prompt: string;
  answers: EvaluatedResponse[];
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
