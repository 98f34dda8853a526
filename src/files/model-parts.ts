/** The files of a model: llama.cpp splits large ones into "name-00001-of-00003.gguf" and so on. */
import { access } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";
import { isSameFile } from "./output-file.js";

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

/** Before long work: a copy of a split model is one file, and must not take the place of a part. @throws ArgsearchError FILE_UNWRITABLE */
export async function refusePart(model: string, out: string): Promise<void> {
  const parts = await modelParts(model);
  if (parts.length === 1) return;
  for (const part of parts) {
    if (!(await isSameFile(part, out))) continue;
    throw new ArgsearchError("FILE_UNWRITABLE", `cannot write ${out}: it is a part of the model that is read; name another file`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
