/** What servers and connections say, as it appears in messages. */

/** Longest text of a server's that is kept, letters: some answer with a whole page. */
const LONGEST = 200;

export function oneLine(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** The cause that says most: "ECONNREFUSED" behind "fetch failed". */
export function deepest(error: unknown): string {
  for (let at = error, found = String(error); ; at = at.cause) {
    if (!(at instanceof Error)) return found;
    found = (at as NodeJS.ErrnoException).code ?? (at.message || found);
  }
}
