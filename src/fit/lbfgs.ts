/**
 * Limited-memory BFGS (Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989) for smooth
 * convex functions. It is a generator that yields the points it wants to know about: the caller decides how to evaluate
 * them, and may serve many searches with one pass over the data.
 */
import { dot } from "./dot.js";

export interface Evaluation {
  value: number;
  gradient: Float64Array;
}

export interface Minimum {
  point: Float64Array;
  value: number;
  iterations: number;
  /** The gradient is below the tolerance; false when the iterations ran out. */
  converged: boolean;
}

export interface MinimiseOptions {
  /** Largest norm of the gradient at a minimum. */
  tolerance: number;
  maxIterations: number;
}

export type Search = Generator<Float64Array, Minimum, Evaluation>;

/** Updates of the inverse Hessian that are remembered. */
const MEMORY = 10;
/** Share of the decrease that the slope promises which a step must reach (Armijo). */
const SUFFICIENT = 1e-4;
const MAX_HALVINGS = 40;

interface Update {
  step: Float64Array;
  change: Float64Array;
  /** 1 / (step · change). */
  rho: number;
}

/** Searches the minimum from `start`, which is not changed. */
export function* minimise(start: Float64Array, { tolerance, maxIterations }: MinimiseOptions): Search {
  let point = start;
  let { value, gradient } = yield point;
  const updates: Update[] = [];
  for (let iteration = 0; ; iteration++) {
    const converged = norm(gradient) <= tolerance;
    if (converged || iteration === maxIterations) return { point, value, iterations: iteration, converged };
    const direction = descent(gradient, updates);
    const next = yield* lineSearch(point, value, gradient, direction, updates.length === 0 ? Math.min(1, 1 / norm(gradient)) : 1);
    // Rounding hides any further decrease: this is the minimum as well as it can be known.
    if (next === undefined) return { point, value, iterations: iteration, converged: true };
    remember(updates, difference(next.point, point), difference(next.gradient, gradient));
    ({ point, value, gradient } = next);
  }
}

/** Runs searches together: each round evaluates the points of all that are still going in one call. */
export async function minimiseTogether(
  searches: readonly Search[],
  evaluate: (points: readonly { search: number; point: Float64Array }[]) => Promise<readonly Evaluation[]>,
): Promise<Minimum[]> {
  const found: Minimum[] = [];
  let states = searches.map((search, index) => ({ search, index, state: search.next() }));
  for (;;) {
    for (const { index, state } of states) if (state.done) found[index] = state.value;
    const open = states.flatMap(({ search, index, state }) => (state.done ? [] : [{ search, index, point: state.value }]));
    if (open.length === 0) return found;
    const evaluations = await evaluate(open.map(({ index, point }) => ({ search: index, point })));
    states = open.map(({ search, index }, place) => ({ search, index, state: search.next(required(evaluations[place])) }));
  }
}

/** Halves the step until the value has fallen enough; undefined when no step lowers it. */
function* lineSearch(
  point: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
  first: number,
): Generator<Float64Array, (Evaluation & { point: Float64Array }) | undefined, Evaluation> {
  const slope = dot(gradient, direction);
  for (let length = first, tries = 0; tries < MAX_HALVINGS; length /= 2, tries++) {
    const candidate = moved(point, direction, length);
    const evaluation = yield candidate;
    if (evaluation.value <= value + SUFFICIENT * length * slope && evaluation.value < value) return { ...evaluation, point: candidate };
  }
  return undefined;
}

/** Minus the approximate inverse Hessian times the gradient: the two-loop recursion. */
function descent(gradient: Float64Array, updates: readonly Update[]): Float64Array {
  const direction = gradient.map((each) => -each);
  const alphas: number[] = [];
  for (const { step, change, rho } of [...updates].reverse()) {
    const alpha = rho * dot(step, direction);
    alphas.push(alpha);
    add(direction, change, -alpha);
  }
  const last = updates[updates.length - 1];
  if (last) scale(direction, 1 / (last.rho * dot(last.change, last.change)));
  for (const { step, change, rho } of updates) add(direction, step, (alphas.pop() ?? 0) - rho * dot(change, direction));
  return direction;
}

/** Keeps an update only if it shows curvature, which keeps the approximation positive definite. */
function remember(updates: Update[], step: Float64Array, change: Float64Array): void {
  const curvature = dot(step, change);
  if (curvature <= 1e-12 * dot(change, change)) return;
  updates.push({ step, change, rho: 1 / curvature });
  if (updates.length > MEMORY) updates.shift();
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("every point must be evaluated");
  return value;
}

function moved(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  const result = point.slice();
  add(result, direction, length);
  return result;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, index) => value - b[index]);
}

function add(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * vector[i];
}

function scale(target: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] *= factor;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}
