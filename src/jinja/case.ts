/** Upper and lower case. Each stretch of a text is changed by itself and stays whose it was. */
import { Text } from "./text.js";

export function upper(text: Text): Text {
  return text.map((run) => run.toUpperCase());
}

export function lower(text: Text): Text {
  return text.map((run) => run.toLowerCase());
}

export function swapCase(text: Text): Text {
  return text.map((run) => Array.from(run, (each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join(""));
}

export function capitalize(text: Text): Text {
  const first = text.value.codePointAt(0);
  if (first === undefined) return text;
  const length = String.fromCodePoint(first).length;
  return Text.join([upper(text.slice(0, length)), lower(text.slice(length))]);
}

const WORD_START = /(?<!\p{L})\p{L}/gu;

/** str.title(): a letter behind anything but a letter is upper case. */
export function title(text: Text): Text {
  return startsUpper(text, WORD_START);
}

const PART_START = /(?:^|(?<=[-\s({[<]))[^-\s({[<]/gu;

/** jinja2's title: only behind spaces, hyphens and brackets. */
export function titleFilter(text: Text): Text {
  return startsUpper(text, PART_START);
}

function startsUpper(text: Text, starts: RegExp): Text {
  const parts: Text[] = [];
  let at = 0;
  for (const { 0: found, index } of text.value.matchAll(starts)) {
    parts.push(lower(text.slice(at, index)), upper(text.slice(index, index + found.length)));
    at = index + found.length;
  }
  return Text.join([...parts, lower(text.slice(at))]);
}

export function isLower(text: string): boolean {
  return text === text.toLowerCase() && text !== text.toUpperCase();
}

export function isUpper(text: string): boolean {
  return text === text.toUpperCase() && text !== text.toLowerCase();
}
