import { packageFile } from "../package-root.js";

/** Absolute paths of the small policy and reward model that ship with the package and are the default of load(). */
export const EMBEDDED: Readonly<{ policy: string; reward: string }> = {
  policy: packageFile("models", "policy.gguf"),
  reward: packageFile("models", "reward.gguf"),
};
