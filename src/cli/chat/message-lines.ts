/** Lines of a terminal as messages: one each, several where they were pasted together or stand between """. */

/** Stands for a line end where all of a message is shown on one line: in the history. */
export const LINE_END = "\u2424";

const QUOTES = '"""';

export interface Message {
  text: string;
  /** A slash command may stand in it: it was typed on one line. */
  plain: boolean;
  /** As the history keeps it. */
  entry: string;
}

export class MessageLines {
  #lines: string[] = [];

  /** A message has begun that further lines belong to. */
  get open(): boolean {
    return this.#lines.length > 0;
  }

  /** @param pasted the line end behind it was pasted: it sends nothing. Undefined while more lines are to come */
  add(line: string, pasted: boolean): Message | undefined {
    this.#lines.push(line.replaceAll(LINE_END, "\n"));
    const text = this.#lines.join("\n");
    const quoted = text.trimStart().startsWith(QUOTES);
    if (pasted || (quoted && !isClosed(text))) return undefined;
    this.#lines = [];
    return {
      text: (quoted ? unquoted(text) : text).trim(),
      plain: !quoted && !text.trim().includes("\n"),
      entry: text.trim().replaceAll("\n", LINE_END),
    };
  }

  clear(): void {
    this.#lines = [];
  }
}

function isClosed(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.length >= 2 * QUOTES.length && trimmed.endsWith(QUOTES);
}

function unquoted(text: string): string {
  return text.trim().slice(QUOTES.length, -QUOTES.length);
}
