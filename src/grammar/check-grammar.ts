/** A grammar of the user's. */

/** The text. */
export function checkGrammar(text: string): string {
  return text;
}
