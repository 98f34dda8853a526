/** What a loop looks like: the beginning of a text, whose last sentence or clause then comes again and again. */

/** Tokens of a copy, about. */
const SHORTEST = 128;
const LONGEST = 256;
/** A sentence that comes twice may be meant. */
const FEWEST_COPIES = 3;

/** Shares of 0 to 1 that decide how a text repeats. */
export interface Choice {
  /** Behind which of its sentences. */
  place: number;
  /** The sentence, or its last clause. */
  unit: number;
  /** How long the copy is. */
  length: number;
}

/** A text's beginning up to one of its sentences, then that sentence or its last clause over and over. It never is `text` itself. */
export function repeating(text: string, tokensOf: (text: string) => number, { place, unit, length }: Choice): string {
  const sentences = sentencesOf(text.trim());
  const at = Math.floor(place * sentences.length);
  const sentence = (sentences[at] ?? "").trimEnd();
  const repeated = unit < 0.5 ? sentence : lastClause(sentence);
  const copy = spaceBehind(sentences, at) + repeated;
  const beginning = sentences
    .slice(0, at + 1)
    .join("")
    .trimEnd();
  const wanted = SHORTEST + length * (LONGEST - SHORTEST);
  const copies = Math.ceil((wanted - tokensOf(beginning)) / Math.max(1, tokensOf(copy)));
  return beginning + copy.repeat(Math.max(FEWEST_COPIES, copies));
}

/** Each with the space behind it. */
function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const { segment } of new Intl.Segmenter("und", { granularity: "sentence" }).segment(text)) {
    if (sentences.length > 0 && segment.trim() === "") sentences[sentences.length - 1] += segment;
    else sentences.push(segment);
  }
  return sentences;
}

/** What stands behind the last comma or the like; the whole where there is none. */
function lastClause(sentence: string): string {
  const clauses = sentence.split(/(?<=[,;:،，、；：])\s*(?=\S)/u);
  return clauses.at(-1) ?? sentence;
}

/** The space that separates a sentence from the next, or the one before it from the sentence. */
function spaceBehind(sentences: readonly string[], at: number): string {
  const before = at + 1 < sentences.length ? sentences[at] : sentences[at - 1];
  return before === undefined ? " " : before.slice(before.trimEnd().length);
}
