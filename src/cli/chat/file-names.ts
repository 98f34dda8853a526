/** Completion of file names. */
import { readdirSync } from "node:fs";
import { sep } from "node:path";
import { cleanedLine } from "../../files/clean.js";

/**
 * Names that begin as `typed` does, folders with a slash; hidden ones only where the name begins with a dot, and none that would drive the
 * terminal.
 */
export function fileNames(typed: string): readonly string[] {
  const cut = Math.max(typed.lastIndexOf("/"), typed.lastIndexOf(sep)) + 1;
  const [folder, begun] = [typed.slice(0, cut), typed.slice(cut)];
  try {
    return readdirSync(folder === "" ? "." : folder, { withFileTypes: true })
      .filter(({ name }) => name.startsWith(begun) && (begun !== "" || !name.startsWith(".")) && cleanedLine(name) === name)
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .sort();
  } catch {
    return []; // no such folder
  }
}
