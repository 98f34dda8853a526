/** What lies in the directory of tune(), and whether that is ours to replace. */
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgsearchError } from "../../errors.js";
import { unwritable } from "../../files/file-errors.js";
import { type Input, refuseInputs } from "../../files/inputs.js";
import { REPORT } from "../run/directory.js";

const FILES = { settings: "settings.json", found: "tune.json", evaluation: "evaluation", ...REPORT } as const;

/** Paths by what is there. */
export type TuneDirectory = Readonly<Record<keyof typeof FILES, string>>;

export function tunePaths(out: string): TuneDirectory {
  return Object.fromEntries(Object.entries(FILES).map(([name, file]) => [name, join(out, file)])) as TuneDirectory;
}

/**
 * Makes the directory if it is not there. Files of our names count as ours beside tune.json.
 *
 * @param inputs what is read
 * @throws ArgsearchError OPTION_INVALID when it holds an input, or files of these names that are somebody else's; FILE_UNWRITABLE
 */
export async function openTuneDirectory(out: string, inputs: readonly Input[]): Promise<TuneDirectory> {
  const paths = tunePaths(out);
  const { evaluation: _, ...written } = paths;
  for (const path of Object.values(written)) await refuseInputs(path, inputs);
  await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw unwritable(error, out);
  });
  if (await isThere(paths.found)) return paths;
  for (const path of Object.values(written)) {
    if (!(await isThere(path))) continue;
    const message = `${path} is there already, without ${FILES.found} beside it that says of what tuning it is: choose another directory, or move that file`;
    throw new ArgsearchError("OPTION_INVALID", message, { option: "out" });
  }
  return paths;
}

/** @throws ArgsearchError FILE_UNWRITABLE */
export async function removeSettings({ settings }: TuneDirectory): Promise<void> {
  await rm(settings, { force: true }).catch((error: unknown) => {
    throw unwritable(error, settings);
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
