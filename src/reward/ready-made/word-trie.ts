import { isPartOfWord } from "./words.js";

interface Node {
  readonly next: Map<string, Node>;
  /** Characters from the root. */
  readonly depth: number;
  /** Characters of the shortest phrase that goes through here. */
  shortest: number;
  /** A phrase ends here. */
  whole: boolean;
}

/** What a text has of the phrases. */
export interface Found {
  /** One stands there as whole words, the text's end counting as the end of a word. */
  whole: boolean;
  /** How much of one the text's end has begun, 0 to 1: the largest share. */
  begun: number;
}

/** Phrases (words, or several in a row) that are looked for in texts however these are cut into tokens. */
export class WordTrie {
  readonly #root = node(0);

  constructor(phrases: Iterable<string>) {
    for (const phrase of phrases) this.#add([...phrase]);
  }

  find(text: string): Found {
    const characters = [...text];
    const found: Found = { whole: false, begun: 0 };
    for (let start = 0; start < characters.length && !found.whole; start += 1) {
      if (bordersAt(characters, start)) this.#walk(characters, start, found);
    }
    return found;
  }

  #add(characters: readonly string[]): void {
    let at = this.#root;
    for (const character of characters) {
      const next = at.next.get(character) ?? node(at.depth + 1);
      at.next.set(character, next);
      next.shortest = Math.min(next.shortest, characters.length);
      at = next;
    }
    at.whole = true;
  }

  #walk(characters: readonly string[], start: number, found: Found): void {
    let at: Node | undefined = this.#root;
    for (let place = start; place < characters.length; place += 1) {
      at = at.next.get(characters[place] ?? "");
      if (at === undefined) return;
      if (at.whole && bordersAt(characters, place + 1)) found.whole = true;
    }
    found.begun = Math.max(found.begun, at.depth / at.shortest);
  }
}

function node(depth: number): Node {
  return { next: new Map(), depth, shortest: Number.POSITIVE_INFINITY, whole: false };
}

/** Whether no word goes on over this place. */
function bordersAt(characters: readonly string[], place: number): boolean {
  return !isPartOfWord(characters[place - 1]) || !isPartOfWord(characters[place]);
}
