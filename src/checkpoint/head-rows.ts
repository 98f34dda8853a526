/** Which rows of a head count, and what they are called. */
import { ArgsearchError } from "../errors.js";
import type { JsonObject } from "../files/json.js";
import { isJsonObject } from "../files/json.js";
import type { RewardHead } from "../gguf/reward-head.js";
import { integer, invalid as invalidOption, nonEmptyText } from "../validate.js";
import { labelNames } from "./hf-config.js";

/** Which rows of a head count, and their names. */
export interface RowChoice {
  /** A name for each row of the head, in order; default: those of config.json. Weights of labels choose among them where it is loaded. */
  labels?: readonly string[] | undefined;
  /**
   * The only row that counts, from 0; of two, the first less the second: of a classifier, the log-odds of one class against another.
   * Default: every row.
   */
  row?: number | readonly [number, number] | undefined;
}

/** A head as it was read: every row. */
export interface WholeHead {
  weight: readonly (readonly number[])[];
  bias?: readonly number[] | undefined;
  shift?: RewardHead["shift"];
  scale?: RewardHead["scale"];
}

/** Where a head came from, for messages, and what is said of it there. */
export interface HeadOrigin {
  path: string;
  /** The weight's. */
  name: string;
  config?: JsonObject | undefined;
}

/** @throws ArgsearchError OPTION_INVALID */
export function checkRowChoice({ labels, row }: RowChoice): void {
  if (labels !== undefined) {
    if (!Array.isArray(labels) || labels.length === 0) throw invalidOption("labels", "an array of names", labels);
    labels.forEach((label, at) => {
      nonEmptyText(`labels[${at}]`, label);
      if (labels.indexOf(label) < at) throw invalidOption(`labels[${at}]`, "another name than those before it", label);
    });
  }
  if (row === undefined) return;
  const rows: readonly unknown[] = Array.isArray(row) ? row : [row];
  if (rows.length !== (Array.isArray(row) ? 2 : 1) || (rows.length === 2 && rows[0] === rows[1])) {
    throw invalidOption("row", "a row's number, or two different ones", row);
  }
  for (const each of rows) integer("row", each, { min: 0, max: Number.MAX_SAFE_INTEGER });
}

/**
 * The head that was asked for.
 *
 * @throws ArgsearchError REWARD_HEAD_INVALID for a row that there is not, for names that are not as many as the rows, and for several rows
 * where nothing says which count: they have no names, or are the classes of one choice
 */
export function chooseRows(head: WholeHead, choice: RowChoice, origin: HeadOrigin): RewardHead {
  const rows = head.weight.length;
  const labels = choice.labels ?? declaredLabels(rows, origin);
  const has = `${origin.name} has ${counted(rows, "row")}`;
  if (choice.labels !== undefined && labels.length !== rows)
    throw invalid(`${origin.path}: ${counted(labels.length, "label")} given, ${has}`);
  if (choice.row !== undefined) return onlyRow(head, labels, choice.row, `${origin.path}: ${has}`);
  if (rows > 1 && choice.labels === undefined) requireMeaning(labels, `${origin.path}: ${has}`, origin.config);
  return { ...head, ...(labels.length > 0 && { labels: [...labels] }) };
}

function onlyRow(head: WholeHead, labels: readonly string[], row: number | readonly [number, number], where: string): RewardHead {
  const [first, second] = typeof row === "number" ? [row] : row;
  for (const each of [first, second ?? 0])
    if (each >= head.weight.length) throw invalid(`${where}, counted from 0: there is no row ${each}`);
  const { shift, scale } = head;
  const of = <T>(values: readonly T[] | undefined, at: number): T | undefined => values?.[at];
  const weight = of(head.weight, first) as readonly number[];
  const bias = of(head.bias, first);
  if (second === undefined) {
    const label = of(labels, first);
    return { ...head, weight: [weight], ...(bias !== undefined && { bias: [bias] }), ...(label !== undefined && { labels: [label] }) };
  }
  const other = of(head.weight, second) as readonly number[];
  return {
    weight: [weight.map((value, at) => value - (other[at] as number))],
    ...(bias !== undefined && { bias: [bias - (of(head.bias, second) ?? 0)] }),
    // What both were shifted by cancels.
    ...(shift !== undefined && scale !== undefined && { scale }),
  };
}

/** Rewards of labels are added up where the model is loaded: that must make sense. */
function requireMeaning(labels: readonly string[], has: string, config: JsonObject | undefined): void {
  const one = "take one with --row N";
  const odds = "the log-odds of two classes with --row N-M (1-0: the second of two against the first)";
  const name = "name them with --labels a,b: weights of the labels choose among them later";
  if (labels.length === 0) throw invalid(`${has} without names, and nothing says which counts: ${one}, or ${odds}, or ${name}`);
  if (config?.problem_type !== "single_label_classification") return;
  const why = `${labels.join(", ")} are the classes of one choice (problem_type in config.json), whose sum says nothing`;
  throw invalid(`${has}; ${why}: ${one}, or ${odds}, or ${name}`);
}

/** What config.json calls the rows. Names of other rows would be rewards under false names. */
function declaredLabels(rows: number, { path, name, config = {} }: HeadOrigin): string[] {
  const labels = labelNames(config);
  const twice = labels.find((label, at) => labels.indexOf(label) < at);
  const has = `${name} has ${counted(rows, "row")}`;
  const wrong = [
    [labels.length > 0 && labels.length !== rows, `names ${counted(labels.length, "label")} (${labels.join(", ")}), ${has}`],
    [labels.includes(""), "has an empty name"],
    [twice !== undefined, `names ${JSON.stringify(twice)} twice`],
  ] as const;
  const reason = wrong.find(([is]) => is)?.[1];
  if (reason !== undefined) throw invalid(`${path}: id2label of config.json ${reason}. Correct it there, or name them with --labels`);
  const declared = declaredRows(config);
  if (declared === undefined || declared === rows) return labels;
  throw invalid(
    `${path}: config.json says that the head has ${counted(declared, "label")}, ${has}. Correct it there, or name the rows with --labels`,
  );
}

/** How many rows a classifier's config.json says there are; other models' speak of no head. */
function declaredRows({ architectures, num_labels: count, id2label }: JsonObject): number | undefined {
  const [architecture]: unknown[] = Array.isArray(architectures) ? architectures : [];
  if (!/For(?:Sequence|Token)Classification$/.test(String(architecture))) return undefined;
  if (typeof count === "number") return count;
  return isJsonObject(id2label) ? Object.keys(id2label).length : undefined;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function invalid(what: string): ArgsearchError {
  return new ArgsearchError("REWARD_HEAD_INVALID", what);
}
