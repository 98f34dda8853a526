/** What a program gives to a chat template: JSON. Anything else would be there only in part. */
import { ArgsearchError } from "../errors.js";
import { DEEPEST } from "../files/json.js";

/**
 * `name` is what the message begins with, `option` what it is about.
 *
 * @throws ArgsearchError OPTION_INVALID, naming the place, for what is not JSON; INPUT_INVALID for what is too deep, or in itself
 */
export function checkValue(name: string, value: unknown, option = name): void {
  const check = (place: string, each: unknown, depth: number): void => {
    if (typeof each !== "object" || each === null) {
      if (["function", "symbol", "bigint"].includes(typeof each)) throw notJson(place, `a ${typeof each}`, option);
      return;
    }
    if (depth > DEEPEST) throw new ArgsearchError("INPUT_INVALID", `${name} is nested more than ${DEEPEST} deep, or in itself`, { option });
    if (Array.isArray(each)) {
      for (const [index, item] of each.entries()) check(`${place}[${index}]`, item, depth + 1);
      return;
    }
    if (!isPlain(each)) throw notJson(place, `a ${each.constructor?.name || "class"} object`, option);
    for (const [key, item] of Object.entries(each))
      check(/^[A-Za-z_$][\w$]*$/.test(key) ? `${place}.${key}` : `${place}[…]`, item, depth + 1);
  };
  check(name, value, 1);
}

function notJson(place: string, what: string, option: string): ArgsearchError {
  // The place may be long where the value is deep.
  const shown = place.length > 120 ? `${place.slice(0, 60)}…${place.slice(-60)}` : place;
  return new ArgsearchError("OPTION_INVALID", `${shown} must be JSON: a text, a number, a plain object, …; got ${what}`, { option });
}

/** Made by {} or JSON, in whatever realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
