/** Values of objectives, by name and summed with their weights. */
import { ArgsearchError } from "../errors.js";
import { isBan } from "./ban.js";

export class WeightedSum {
  readonly objectives: readonly string[];
  /** One an objective. */
  readonly weights: readonly number[];
  /** Functions are among them. */
  readonly #functions: boolean;

  constructor(objectives: readonly string[], weights: readonly number[], functions: boolean) {
    this.objectives = objectives;
    this.weights = weights;
    this.#functions = functions;
  }

  get empty(): boolean {
    return this.objectives.length === 0;
  }

  /** The weighted sum of one value an objective; a ban is one at any weight. @throws ArgsearchError REWARD_FUNCTION_FAILED, OPTION_INVALID when it is not finite */
  sum(values: readonly number[]): number {
    if (values.some(isBan)) return Number.NEGATIVE_INFINITY;
    const sum = values.reduce((sum, value, index) => sum + value * (this.weights[index] ?? 0), 0);
    if (Number.isFinite(sum)) return sum;
    const [code, cure] = this.#functions
      ? (["REWARD_FUNCTION_FAILED", "return smaller values, or lower the weights"] as const)
      : (["OPTION_INVALID", "lower the weights"] as const);
    throw new ArgsearchError(code, `the weighted rewards of a token add up to ${sum}: ${cure}`, { option: "reward.weight" });
  }

  /** Values by their objectives' names. */
  named(values: readonly number[]): Record<string, number> {
    return Object.fromEntries(this.objectives.map((name, index) => [name, values[index] ?? Number.NaN]));
  }
}

/** The second "length" becomes "length#2". */
export function numbered(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const before = count(names.slice(0, index), name);
    return before === 0 ? name : `${name}#${before + 1}`;
  });
}

export function count(names: readonly string[], name: string): number {
  return names.filter((each) => each === name).length;
}
