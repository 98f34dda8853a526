/** The addon's trainer of reward predictors. */
import type { NativeCancel } from "./native-model.js";

/** What a step is for, as numbers: learnt from, asked when to stop, or kept apart. */
export const STEP_ROLES = { training: 0, stopping: 1, heldOut: 2 } as const;

/** Steps of decoding; candidates stand step by step. */
export interface NativeTrajectories {
  nHidden: number;
  /** steps x nHidden, row-major: the reward model's final-norm hidden state at the prefix's end. */
  hidden: Float32Array;
  /** One a step: how many candidates it has. */
  counts: Int32Array;
  /** One of STEP_ROLES a step. */
  roles: Int32Array;
  tokens: Int32Array;
  /** Each candidate's reward less that of the prefix. */
  rises: Float32Array;
}

export interface PredictorTraining {
  /** Units of the two layers, multiples of 8. */
  width: number;
  width2: number;
  /** Most passes over the training steps. */
  epochs: number;
  seed: number;
  threads: number;
  cancel?: NativeCancel;
}

/** For inputs and rewards as they are; matrices input by input, row-major. */
export interface PredictorWeights {
  /** nHidden x width. */
  hidden: Float32Array;
  /** Length of a token's embedding row x width. */
  token: Float32Array;
  /** width. */
  bias: Float32Array;
  /** width x width2. */
  secondWeight: Float32Array;
  /** width2. */
  secondBias: Float32Array;
  /** width2. */
  outWeight: Float32Array;
  outBias: number;
}

export interface TrainedPredictor {
  weights: PredictorWeights;
  /** One a candidate, of every role. */
  guesses: Float32Array;
  /** Passes up to the one that was kept. */
  epochs: number;
}
