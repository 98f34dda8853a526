/** Texts that count as HTML already: what is added to them is escaped, although a chat template is none. */
import { Text } from "./text.js";

/** What the filters safe and escape give. */
export class Markup extends Text {}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };

export function markup({ value, spans }: Text): Markup {
  return new Markup(value, spans);
}

export function escaped(text: Text): Markup {
  return text instanceof Markup ? text : markup(text.map((run) => run.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found)));
}

/** left + right. */
export function joined(left: Text, right: Text): Text {
  if (!(left instanceof Markup || right instanceof Markup)) return Text.join([left, right]);
  return markup(Text.join([escaped(left), escaped(right)]));
}
