const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for the inside of XML and HTML elements and attributes; control characters, which XML does not have, as U+FFFD. */
export function escaped(text) {
  return text.replace(/\p{Cc}/gu, "\ufffd").replace(/[&<>"]/g, (character) => ENTITIES[character]);
}
