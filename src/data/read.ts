/** Data files as their records, one at a time. */
import type { Readable } from "node:stream";
import { ArgsearchError } from "../errors.js";
import { type BadLine, type Line, parseObject, readLines } from "../files/json-lines.js";
import type { Prompt } from "../types.js";
import { oneOf } from "../validate.js";
import type { Fields } from "./fields.js";
import { type FormatTable, readFields } from "./format.js";
import { PAIR_FORMATS, type PreferencePair } from "./pair-formats.js";
import { PROMPT_FORMATS } from "./prompt-formats.js";
import { type ScorableText, TEXT_FORMATS } from "./text-formats.js";

/** A path, or a stream of JSON lines; either may be gzip, or one JSON array. */
export type DataSource = string | Readable;

/** How data files are read. */
export interface ReadOptions<Name extends string> {
  /** Default "auto": each line by its fields. */
  format?: Name | "auto" | undefined;
  /** Called with each line that cannot be used; the others go on. */
  onBadLine?: ((bad: BadLine) => void) | undefined;
}

/** A record with its line's number, from 1 (in a JSON array its place), and the same in words, as in BadLine. */
export interface Numbered<T> {
  line: number;
  place: string;
  value: T;
}

/** The same with what the file has of it. */
export interface NumberedRecord<T> extends Numbered<T> {
  /** All its fields, those among them that no format knows. */
  fields: Readonly<Record<string, unknown>>;
  /** Its text. */
  json: string;
}

/** "shp", "messages", "hh" or "prompt": the formats of preference pairs. */
export type PairFormat = keyof typeof PAIR_FORMATS;
/** A format of pairs, of which the prompt is taken, "prompts" or "conversation". */
export type PromptFormat = keyof typeof PROMPT_FORMATS;
/** A format of pairs, "response", "conversation" or "text". */
export type ScorableFormat = PairFormat | keyof typeof TEXT_FORMATS;

/** Every PairFormat. */
export const PAIR_FORMAT_NAMES = Object.keys(PAIR_FORMATS) as PairFormat[];
export const SCORABLE_FORMATS: FormatTable<PreferencePair | ScorableText> = { ...PAIR_FORMATS, ...TEXT_FORMATS };
/** Every ScorableFormat. */
export const SCORABLE_FORMAT_NAMES = Object.keys(SCORABLE_FORMATS) as ScorableFormat[];

/**
 * Preference pairs of JSON lines. Lines that hold none, or whose two responses are identical, go to onBadLine.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, also for a stream that fails; INPUT_INVALID for a file that holds no
 * JSON lines at all; OPTION_INVALID for an unknown format
 */
export function readPairs(source: DataSource, options: ReadOptions<PairFormat> = {}): AsyncGenerator<NumberedRecord<PreferencePair>> {
  return readAll(source, PAIR_FORMATS, options);
}

/** Prompts of JSON lines, pairs' prompts among them, without recorded answers and whatever is wrong with these; else as readPairs(). */
export function readPrompts(source: DataSource, options: ReadOptions<PromptFormat> = {}): AsyncGenerator<NumberedRecord<Prompt>> {
  return readAll(source, PROMPT_FORMATS, options);
}

/** Pairs, responses and texts of JSON lines; else as readPairs(). */
export function readScorables(
  source: DataSource,
  options: ReadOptions<ScorableFormat> = {},
): AsyncGenerator<NumberedRecord<PreferencePair | ScorableText>> {
  return readAll(source, SCORABLE_FORMATS, options);
}

async function* readAll<T>(source: DataSource, formats: FormatTable<T>, options: ReadOptions<string>): AsyncGenerator<NumberedRecord<T>> {
  const format = oneOf("format", options.format ?? "auto", ["auto", ...Object.keys(formats)]);
  for await (const line of readLines(source)) {
    const found = readLine(line, formats, format, options.onBadLine);
    if (found !== undefined) yield { line: line.number, place: line.place, ...found };
  }
}

function readLine<T>(
  line: Line,
  formats: FormatTable<T>,
  format: string,
  onBadLine: ReadOptions<string>["onBadLine"],
): Pick<NumberedRecord<T>, "value" | "fields" | "json"> | undefined {
  try {
    const { fields, json } = parseObject(line);
    return { value: readFields(withoutNull(fields), formats, format), fields, json };
  } catch (error) {
    if (!(error instanceof ArgsearchError)) throw error;
    onBadLine?.({ number: line.number, place: line.place, error });
    return undefined;
  }
}

/** What tables export for an empty cell is as if it were not there. */
function withoutNull(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
