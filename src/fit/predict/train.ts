/** From trajectories to a predictor, and to what it guesses of them. */
import { cancellable } from "../../engine/abort.js";
import { binding, type NativeTrajectories, type PredictorWeights } from "../../engine/binding.js";
import { native } from "../../engine/native.js";
import { STEP_ROLES } from "../../engine/native-predictor.js";
import type { GuessedStep } from "./calibrate.js";
import type { Role } from "./plan.js";
import type { Trajectory } from "./trajectory.js";

/** Units of the two layers. */
const WIDTHS = { width: 256, width2: 64 };

export interface TrainOptions {
  /** Path of the reward model, whose token embedding is read. */
  reward: string;
  nHidden: number;
  /** Ends take the best reward of the others: what they are rated teaches nothing. */
  endsByPolicy: boolean;
  epochs: number;
  seed: number;
  threads: number;
  signal: AbortSignal | undefined;
  onProgress: (done: number, total: number) => void;
}

export interface Trained {
  weights: PredictorWeights;
  epochs: number;
  /** The held-out steps with their guesses, rewards less that of the prefix. */
  heldOut: GuessedStep[];
  /** Steps of each role. */
  steps: Record<keyof typeof STEP_ROLES, number>;
}

/** A candidate's place: of the step, and among all that are trained; -1 for one that is not. */
interface StepView {
  trajectory: Trajectory;
  step: number;
  first: number;
  role: Role;
  /** Of each candidate among those of the training. */
  trained: number[];
}

/** @throws ArgsearchError ABORTED, MODEL_UNSUPPORTED for a model without a token embedding; OPTION_INVALID for steps without any difference */
export async function train(trajectories: readonly Trajectory[], roles: readonly Role[], options: TrainOptions): Promise<Trained> {
  const views = viewsOf(trajectories, roles, options.endsByPolicy);
  const { reward, epochs, seed, threads, signal, onProgress } = options;
  const found = await cancellable([signal], (cancel) =>
    native(() =>
      binding().trainPredictor(reward, packed(views, options.nHidden), { ...WIDTHS, epochs, seed, threads, cancel }, onProgress),
    ),
  );
  const count = (role: Role): number => views.filter((view) => view.role === role).length;
  return {
    weights: found.weights,
    epochs: found.epochs,
    heldOut: views.filter(({ role }) => role === STEP_ROLES.heldOut).map((view) => guessed(view, found.guesses, options.endsByPolicy)),
    steps: { training: count(STEP_ROLES.training), stopping: count(STEP_ROLES.stopping), heldOut: count(STEP_ROLES.heldOut) },
  };
}

function viewsOf(trajectories: readonly Trajectory[], roles: readonly Role[], endsByPolicy: boolean): StepView[] {
  let all = 0;
  return trajectories.flatMap((trajectory, index) => {
    let first = 0;
    return trajectory.counts.map((count, step) => {
      const trained = Array.from({ length: count }, (_, i) => (endsByPolicy && trajectory.ends[first + i] ? -1 : all++));
      const view: StepView = { trajectory, step, first, role: roles[index] ?? STEP_ROLES.training, trained };
      first += count;
      return view;
    });
  });
}

function packed(views: readonly StepView[], nHidden: number): NativeTrajectories {
  const hidden = new Float32Array(views.length * nHidden);
  const counts: number[] = [];
  const tokens: number[] = [];
  const rises: number[] = [];
  for (const [index, { trajectory, step, first, trained }] of views.entries()) {
    hidden.set(trajectory.hidden.subarray(step * nHidden, (step + 1) * nHidden), index * nHidden);
    const kept = trained.flatMap((place, i) => (place < 0 ? [] : [first + i]));
    counts.push(kept.length);
    for (const at of kept) {
      tokens.push(trajectory.tokens[at] ?? 0);
      rises.push((trajectory.rewards[at] ?? 0) - (trajectory.before[step] ?? 0));
    }
  }
  return {
    nHidden,
    hidden,
    counts: Int32Array.from(counts),
    roles: Int32Array.from(views, ({ role }) => role),
    tokens: Int32Array.from(tokens),
    rises: Float32Array.from(rises),
  };
}

function guessed({ trajectory, step, first, trained }: StepView, guesses: Float32Array, endsByPolicy: boolean): GuessedStep {
  const of = <T>(values: readonly T[]): T[] => values.slice(first, first + trained.length);
  return {
    logProbs: of(trajectory.logProbs),
    rewards: of(trajectory.rewards).map((reward) => reward - (trajectory.before[step] ?? 0)),
    guesses: trained.map((place) => guesses[place] ?? 0),
    ends: of(trajectory.ends).map((end) => endsByPolicy && end),
    taken: trajectory.taken[step] ?? 0,
  };
}
