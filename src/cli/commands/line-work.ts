import type { BadLine, DataSource } from "../../index.js";
import { EXIT, reportLeftOut } from "../terminal/failure.js";
import { interruptible, resumable } from "../terminal/interrupt.js";
import { note, printJson, printJsonText } from "../terminal/output.js";
import { workBar } from "../terminal/progress.js";

export interface LineWorkFlags {
  out?: string | undefined;
  json?: boolean | undefined;
}

/** What work on the lines of a file is told, whatever it does with them. */
export interface LineWork {
  signal: AbortSignal;
  out: string | undefined;
  onLine: ((line: unknown, json: string) => Promise<void>) | undefined;
  onOthers: (path: string) => void;
  onProgress: (done: number, total: number) => void;
  onBadLine: (bad: BadLine) => void;
}

/**
 * Lines go to --out, else to standard output; with --json only the summary does, which else is on standard error. A bad
 * line is reported with its number, the rest is worked on, the exit code is 1.
 *
 * @param path "-" is standard input
 * @param shown what of the summary --json prints
 */
export async function workOnLines<Summary>(
  what: string,
  path: string,
  { out, json }: LineWorkFlags,
  work: (source: DataSource, options: LineWork) => Promise<Summary>,
  shown: (summary: Summary) => unknown = (summary) => summary,
): Promise<Summary> {
  const bar = workBar(what);
  const run = (signal: AbortSignal): Promise<Summary> =>
    work(path === "-" ? process.stdin : path, {
      signal,
      out,
      onLine: out === undefined && !json ? (_line, text) => printJsonText(text) : undefined,
      onOthers: noteOther,
      onProgress: bar.update,
      onBadLine: ({ place, error }) => {
        process.exitCode ??= EXIT.FAILURE;
        bar.clear();
        reportLeftOut(error, place);
      },
    }).finally(bar.stop);
  // A stream cannot be read from its beginning again.
  const summary = await (out !== undefined && path !== "-" ? resumable(run) : interruptible(run));
  if (json) await printJson(shown(summary));
  return summary;
}

/** An interrupted run is there and yet cannot be gone on with. */
function noteOther(path: string): void {
  note(`${path} is of a run with other settings, models or data: this one begins anew, and removes it at its end`, true);
}
