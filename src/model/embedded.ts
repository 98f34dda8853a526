import { join } from "node:path";
import { packageRoot } from "../package-root.js";

/** Absolute paths of the small policy and reward model that ship with the package and are the default of load(). */
export const EMBEDDED: Readonly<{ policy: string; reward: string }> = {
  policy: join(packageRoot, "models", "policy.gguf"),
  reward: join(packageRoot, "models", "reward.gguf"),
};
