/** The ways of decoding that are measured beside each other. A new one is a line here. */
/** Whether policy and reward model each decode in a context of their own, or one trunk serves both. */
export type Trunk = "own" | "shared";

/** One way of decoding. */
export interface Mode {
  /** As --modes takes it. */
  name: string;
  /** As tables have it. */
  title: string;
  trunk: Trunk;
  /** What it adds to the options of every call. Names that this version does not have, or these models do not allow, leave the mode out. */
  decode: Readonly<Record<string, unknown>>;
  /** Nothing is held against anything without it: what it cannot do ends the benchmark. */
  required?: true;
  /** Random weights say nothing of how often it can skip the reward model. */
  needsTrained?: true;
}

export const PLAIN = "plain";
export const EXACT = "exact";

/** What a version may have on by default and a mode is measured without, unless it names it. */
export const SWITCHED_OFF: readonly Readonly<Record<string, unknown>>[] = [{ gate: "off" }, { lookahead: "off" }];

const LOOKAHEAD = { lookahead: "auto" } as const;

/** Plain decoding first: everything is held against it. */
export const MODES: readonly Mode[] = [
  { name: PLAIN, title: "plain decoding", trunk: "own", decode: { method: "greedy" }, required: true },
  { name: EXACT, title: "ARGS", trunk: "own", decode: {}, required: true },
  { name: "shared", title: "ARGS, shared trunk", trunk: "shared", decode: {} },
  { name: "lookahead", title: "ARGS, lookahead", trunk: "own", decode: LOOKAHEAD },
  { name: "shared-lookahead", title: "ARGS, shared trunk, lookahead", trunk: "shared", decode: LOOKAHEAD },
  { name: "bound", title: "ARGS, bound gate", trunk: "own", decode: { gate: "bound" }, needsTrained: true },
  { name: "shared-bound", title: "ARGS, shared trunk, bound gate", trunk: "shared", decode: { gate: "bound" }, needsTrained: true },
  { name: "predicted", title: "ARGS, predicted gate", trunk: "own", decode: { gate: "predicted" }, needsTrained: true },
  {
    name: "shared-predicted",
    title: "ARGS, shared trunk, predicted gate",
    trunk: "shared",
    decode: { gate: "predicted" },
    needsTrained: true,
  },
  {
    name: "shared-predicted-only",
    title: "ARGS, shared trunk, rewards predicted only",
    trunk: "shared",
    decode: { gate: "predicted-only" },
    needsTrained: true,
  },
  { name: "entropy", title: "ARGS, entropy gate (1 nat)", trunk: "own", decode: { gate: { entropy: 1 } }, needsTrained: true },
];

/** Names of the modes that measureSpeed() knows, plain decoding first. */
export const SPEED_MODES: readonly string[] = MODES.map(({ name }) => name);

/** A mode that was not measured, and why. */
export interface LeftOut {
  /** Its name in SPEED_MODES. */
  mode: string;
  /** For people. */
  reason: string;
}
