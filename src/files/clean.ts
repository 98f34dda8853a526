/** Text of data, models and file names on its way to a terminal, which control characters in it could drive, or to a document. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Control characters, ESC first of all, are made visible; line ends and tabs stay. */
export function cleaned(text: string): string {
  return text.replace(CONTROLS, "\ufffd");
}

/** For one line or a cell: line ends and tabs become spaces, too. */
export function cleanedLine(text: string): string {
  return cleaned(text.replace(/[\r\n\t]+/g, " "));
}

/** JSON that means the same, without the control characters that it may hold as they are. */
export function cleanedJson(json: string): string {
  return json.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
