import { statSync } from "node:fs";

/** A file's size and age, with its name: another text for a file that was written since. */
export function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? `${path} -` : `${path} ${stats.size} ${stats.mtimeMs}`;
}
