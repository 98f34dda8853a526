/** The public types of the package: what goes in, what comes out. */
export type * from "./types/generate.js";
export type * from "./types/load.js";
export type * from "./types/prompt.js";
export type * from "./types/remote.js";
export type * from "./types/result.js";
export type * from "./types/reward.js";
export type * from "./types/samplers.js";
export type * from "./types/score.js";
export type * from "./types/shard.js";
export type * from "./types/tokens.js";
