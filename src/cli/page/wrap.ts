/** A text of tokens, each with its reward, as lines of a page. */
import { columnsOf, type Line } from "./line.js";

/** A token's text and reward, as decoding gives them. */
export interface RewardedText {
  text: string;
  reward: number | null;
}

interface Character {
  character: string;
  reward: number | null;
}

/** Lines of at most `width` columns, broken at spaces and line ends; each character keeps its token's reward. */
export function wrap(tokens: readonly RewardedText[], width: number): Line[] {
  const lines = new Lines(width);
  for (const { text, reward } of tokens) {
    for (const character of text.replace(/\r\n?/g, "\n").replaceAll("\t", "  ")) lines.add({ character, reward });
  }
  return lines.end();
}

class Lines {
  readonly #width: number;
  readonly #lines: Character[][] = [];
  #line: Character[] = [];
  #columns = 0;
  #word: Character[] = [];
  #wordColumns = 0;
  /** The line begins where the text has a line end, and keeps what it is indented by. */
  #own = false;

  constructor(width: number) {
    this.#width = width;
  }

  add(each: Character): void {
    if (each.character === "\n") {
      this.#endWord();
      this.#endLine(true);
    } else if (each.character === " ") {
      this.#endWord();
      if ((this.#columns > 0 || this.#own) && this.#columns < this.#width) this.#put([each], 1);
    } else {
      const columns = columnsOf(each.character);
      if (this.#wordColumns + columns > this.#width) this.#endWord();
      this.#word.push(each);
      this.#wordColumns += columns;
    }
  }

  end(): Line[] {
    this.#endWord();
    return [...this.#lines, this.#line].map(runs);
  }

  #endWord(): void {
    if (this.#columns + this.#wordColumns > this.#width) this.#endLine(false);
    this.#put(this.#word, this.#wordColumns);
    this.#word = [];
    this.#wordColumns = 0;
  }

  #put(characters: readonly Character[], columns: number): void {
    this.#line.push(...characters);
    this.#columns += columns;
  }

  #endLine(own: boolean): void {
    this.#lines.push(this.#line);
    this.#line = [];
    this.#columns = 0;
    this.#own = own;
  }
}

/** Neighbouring characters of one reward as one span. */
function runs(characters: readonly Character[]): Line {
  const spans: Line = [];
  for (const { character, reward } of characters) {
    const last = spans.at(-1);
    if (last !== undefined && last.reward === reward) last.text += character;
    else spans.push({ text: character, reward });
  }
  return spans;
}
