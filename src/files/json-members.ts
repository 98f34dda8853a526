/** A JSON object's members as texts, so that what is passed on stays as it was written: no number loses a digit. */

const BLANK = /\s/;

/**
 * The text of each member's value, without blanks between tokens, by name. Of a name that is there twice the later value counts, as
 * with JSON.parse().
 *
 * @param json an object that JSON.parse() takes
 */
export function jsonMembers(json: string): Map<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let value = "";
  const end = (): void => {
    if (name !== undefined) members.set(name, value);
    name = undefined;
    value = "";
  };
  for (const token of tokens(json)) {
    if (token === "}" || token === "]") depth -= 1;
    const outermost = depth === 0 || (depth === 1 && (token === "," || (token === ":" && value === "")));
    if (outermost && (token === "," || token === "}")) end();
    else if (depth === 1 && name === undefined) name = JSON.parse(token) as string;
    else if (!outermost) value += token;
    if (token === "{" || token === "[") depth += 1;
  }
  return members;
}

/** Texts whole, brackets, commas and colons, and the characters of all else one by one; no blanks. */
function* tokens(json: string): Generator<string, void, undefined> {
  for (let at = 0; at < json.length; ) {
    const end = json[at] === '"' ? endOfText(json, at) : at + 1;
    const token = json.slice(at, end);
    if (!BLANK.test(token) || token.length > 1) yield token;
    at = end;
  }
}

/** The place behind the quote that ends a text. */
function endOfText(json: string, begin: number): number {
  for (let quote = json.indexOf('"', begin + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let before = quote;
    while (json[before - 1] === "\\") before -= 1;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
  return json.length;
}
