/** Flags that take several values to be measured beside each other. */
import { InvalidArgumentError } from "commander";
import { integer } from "./values.js";

/** `N` or `N,N`. */
export function integers(text: string): number[] {
  const all = text.split(",").map((each) => each.trim());
  if (all.includes("")) throw new InvalidArgumentError(`A number is missing in "${text}".`);
  return all.map(integer);
}
