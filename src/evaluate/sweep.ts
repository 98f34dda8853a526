/** Methods at several settings: the paper's figures over w and k. */
import { ArgsearchError } from "../errors.js";
import { finite, invalid, onlyKnown, plainObject } from "../validate.js";
import { isArgs, type MethodSpec } from "./methods.js";

/** Values of settings of ARGS; every combination is decoded. */
export type Sweep = { readonly [Name in SweptName]?: readonly number[] | undefined };

/** A setting that a sweep can vary. */
export type SweptName = "weight" | "topK" | "temperature";

const NAMES: Record<SweptName, true> = { weight: true, topK: true, temperature: true };

/** A method, or its variant at one combination of a sweep's values. */
export interface SweptMethod extends MethodSpec {
  /** The method's own name. */
  base: string;
  /** Empty for one that is not of a sweep. */
  swept: Swept;
}

/** The values of one combination of a sweep. */
export type Swept = Readonly<Partial<Record<SweptName, number>>>;

/**
 * Each method of ARGS at every combination of the values, under a name that says which ("args-greedy weight=0.2 topK=5");
 * baselines as they are.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function sweepMethods(methods: readonly MethodSpec[], sweep: Sweep): SweptMethod[] {
  onlyKnown("sweep", plainObject("sweep", sweep), Object.keys(NAMES));
  const axes = Object.entries(sweep).filter((entry): entry is [string, readonly number[]] => entry[1] !== undefined);
  const plain = (method: MethodSpec): SweptMethod => ({ ...method, base: method.name, swept: {} });
  if (axes.length === 0) return methods.map(plain);
  const points = combinations(axes);
  if (!methods.some(isArgs)) {
    throw new ArgsearchError("OPTION_INVALID", "sweep needs a guided method: add args-greedy to methods", { option: "sweep" });
  }
  return methods.flatMap((method) => {
    if (!isArgs(method)) return [plain(method)];
    return points.map((swept) => {
      const suffix = Object.entries(swept).map(([name, value]) => `${name}=${value}`);
      return { ...method, ...swept, name: [method.name, ...suffix].join(" "), base: method.name, swept };
    });
  });
}

function combinations(axes: readonly (readonly [string, readonly number[]])[]): Swept[] {
  return axes.reduce<Swept[]>(
    (points, [name, values]) => {
      if (!Array.isArray(values) || values.length === 0) throw invalid(`sweep.${name}`, "a non-empty array of numbers", values);
      return points.flatMap((point) => values.map((value) => ({ ...point, [name]: finite(`sweep.${name}`, value) })));
    },
    [{}],
  );
}

/**
 * "weight=0,0.2,…,1" as a name and its values; "…" or "..." stands for the steps between, as the two before it are apart.
 *
 * @throws ArgsearchError OPTION_INVALID
 */
export function parseSweep(text: string): [name: string, values: number[]] {
  const split = text.indexOf("=");
  const name = text.slice(0, split);
  if (split < 1) throw invalid("sweep", "NAME=VALUE,VALUE,…", text);
  onlyKnown("sweep", { [name]: true }, Object.keys(NAMES));
  const items = text.slice(split + 1).split(",");
  const values: number[] = [];
  items.forEach((item, index) => {
    if (item === "…" || item === "...") values.push(...between(values, toNumber(items[index + 1] ?? "", text), text));
    else values.push(toNumber(item, text));
  });
  return [name, values];
}

/** The values strictly between the last one and the end. */
function between(values: readonly number[], end: number, text: string): number[] {
  const [before, last] = values.slice(-2);
  if (before === undefined || last === undefined) throw invalid("sweep", 'two values before "…"', text);
  const step = last - before;
  const count = Math.round((end - last) / step) - 1;
  if (!(count >= 0) || count > 1000) throw invalid("sweep", "values that lead to the one after “…”", text);
  // 0.1 + 0.2 is not 0.3 in binary: ten digits are enough for settings.
  return Array.from({ length: count }, (_, index) => Number((last + step * (index + 1)).toFixed(10)));
}

function toNumber(text: string, whole: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw invalid("sweep", "NAME=NUMBER,NUMBER,…", whole);
  return value;
}
