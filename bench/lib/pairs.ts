import { shape135m } from "./shape-135m.js";

export interface PairFlags {
  policy?: string | undefined;
  reward?: string | undefined;
  /** ggml's names, separated by commas. */
  types: string;
}

/** Name, policy and reward model of each comparison. */
export async function pairs({ policy, reward, types }: PairFlags): Promise<[name: string, policy: string, reward: string][]> {
  if (policy && reward) return [["given files", policy, reward]];
  const made: [string, string, string][] = [];
  for (const type of types.split(",")) {
    const path = await shape135m(type);
    made.push([`135M shape, ${type}`, path, path]);
  }
  return made;
}
