/** What a word is: letters, marks, digits and underscores, with apostrophes and hyphens inside. */
const WORD = /[\p{L}\p{M}\p{N}_]+(?:['’-][\p{L}\p{M}\p{N}_]+)*/gu;
const PART_OF_WORD = /^[\p{L}\p{M}\p{N}_]$/u;

export function wordsOf(text: string): string[] {
  return text.match(WORD) ?? [];
}

export function isPartOfWord(character: string | undefined): boolean {
  return character !== undefined && PART_OF_WORD.test(character);
}

/** Spaces and spellings that look alike made equal. */
export function folded(text: string, caseSensitive: boolean): string {
  const plain = text.normalize("NFC").replace(/\s+/g, " ");
  return caseSensitive ? plain : plain.toLowerCase();
}
