/** The files of a model: llama.cpp splits large ones into "name-00001-of-00003.gguf" and so on. */
import { access } from "node:fs/promises";

const PART = /^(.*)-\d{5}-of-(\d{5})\.gguf$/s;

/**
 * All parts of the model that a file is a part of, in their order, or the file alone. Names alone are looked at: a part that is
 * not there is left out, and loading tells of it.
 */
export async function modelParts(path: string): Promise<string[]> {
  const [, name, count] = PART.exec(path) ?? [];
  if (name === undefined || count === undefined) return [path];
  const parts = Array.from({ length: Number(count) }, (_, index) => `${name}-${String(index + 1).padStart(5, "0")}-of-${count}.gguf`);
  const present = await Promise.all(parts.map(isThere));
  const found = parts.filter((_, index) => present[index]);
  return found.includes(path) ? found : [path];
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
