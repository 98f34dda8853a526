import { ArgsearchError } from "../errors.js";

/**
 * Loads a package that only some users need: an optional peer of this one.
 *
 * @throws ArgsearchError DEPENDENCY_MISSING with the line that installs it
 */
export async function optionalModule<T>(load: () => Promise<T>, packages: string, purpose: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ArgsearchError("DEPENDENCY_MISSING", `${purpose} needs ${packages}, which is not installed: npm install ${packages}`, {
      cause,
    });
  }
}
