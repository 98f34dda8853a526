/** The child's side of an isolated engine: what every object there has. */
import type { Parent } from "../isolate/serve-object.js";
import type { EngineEvent, EngineInput } from "./isolated-wire.js";
import { setLogger } from "./logger.js";

export interface EngineService {
  /** For loading; undefined where nobody wants to know. */
  onProgress: ((progress: number) => void) | undefined;
  methods: { log(context: unknown, wanted: boolean): void };
}

/** Log, progress and warnings go to the parent from now on. */
export function serveEngine({ log, progress }: EngineInput, parent: Parent): EngineService {
  const tell = (event: EngineEvent): void => parent.tell(event);
  const setLog = (wanted: boolean): void => setLogger(wanted ? (level, text) => tell({ log: [level, text] }) : null);
  if (log) setLog(true);
  // Node would print them, as if they were a crash's last words.
  process.removeAllListeners("warning").on("warning", ({ name, message, code }: NodeJS.ErrnoException) => {
    if (isOurs(name, code)) tell({ warning: { message, type: name, code } });
  });
  return {
    onProgress: progress ? (done) => tell({ progress: done }) : undefined,
    methods: { log: (_context, wanted) => setLog(wanted) },
  };
}

function isOurs(name: string, code: string | undefined): code is string {
  return code !== undefined && (name === "ArgsearchWarning" || code.startsWith("ARGSEARCH_"));
}
