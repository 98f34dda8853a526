/** File system errors as ArgsearchErrors that name the file. */
import { stat } from "node:fs/promises";
import { ArgsearchError } from "../errors.js";

/** An error while reading; what did not come from the file system stays as it came. */
export function unreadable(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  if (error.code === "ENOENT") return new ArgsearchError("FILE_NOT_FOUND", `no such file: ${path}; check the path`, { cause: error });
  if (error.code === "EISDIR") return new ArgsearchError("NOT_A_FILE", `${path} is a directory`, { cause: error });
  return new ArgsearchError("FILE_UNREADABLE", `cannot read ${path}: ${error.message}`, { cause: error });
}

/** The same, while writing. */
export function unwritable(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  return new ArgsearchError("FILE_UNWRITABLE", `cannot write ${path}: ${error.message}`, { cause: error });
}

/** Before long work: its file could not take a directory's place. @throws ArgsearchError FILE_UNWRITABLE */
export async function refuseDirectory(path: string): Promise<void> {
  const present = await stat(path).catch(() => undefined);
  if (present?.isDirectory()) throw new ArgsearchError("FILE_UNWRITABLE", `cannot write ${path}: it is a directory; name a file in it`);
}

/** An error about a temporary file, told of the one that it was to become; any other as it came. */
export function toldOf(error: unknown, temporary: string, path: string): unknown {
  if (!(error instanceof ArgsearchError) || !error.message.includes(temporary)) return error;
  return error.rephrased(error.message.replaceAll(temporary, path));
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ("syscall" in error || (error as NodeJS.ErrnoException).code === "ERR_FS_FILE_TOO_LARGE");
}
