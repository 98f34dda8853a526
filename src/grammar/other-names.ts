/** Names of properties that are none of some given ones. */
import { classCharacter, literal } from "./gbnf-text.js";
import type { Rules } from "./rules.js";

interface Branch {
  readonly next: Map<string, Branch>;
  /** A given name ends here. */
  ends: boolean;
}

/**
 * A rule for a name in quotes that is not in `names`. Such names are written without escapes, so that none of `names` can come in another
 * spelling; with no `names`, any string.
 */
export function otherName(names: readonly string[], place: string, rules: Rules): string {
  if (names.length === 0) return rules.builtin("string");
  const root: Branch = { next: new Map(), ends: false };
  for (const name of names) {
    if (/["\\\p{Cc}\p{Cs}]/u.test(name)) continue; // Without escapes nothing comes near it.
    let branch = root;
    for (const character of name) {
      const known = branch.next.get(character) ?? { next: new Map(), ends: false };
      branch.next.set(character, known);
      branch = known;
    }
    branch.ends = true;
  }
  return rules.add("other-name", `"\\"" ${leaving(root, place, rules)} "\\""`, place);
}

/** What leaves the tree of names somewhere below `root`; the deepest branches come first. */
function leaving(root: Branch, place: string, rules: Rules): string {
  const done = new Map<Branch, string>();
  const open: Branch[] = [root];
  for (let branch = open.at(-1); branch !== undefined; branch = open.at(-1)) {
    const missing = [...branch.next.values()].filter((each) => !done.has(each));
    open.push(...missing);
    if (missing.length > 0) continue;
    open.pop();
    done.set(branch, branchRule(branch, done, place, rules));
  }
  return done.get(root) ?? "";
}

function branchRule({ next, ends }: Branch, done: ReadonlyMap<Branch, string>, place: string, rules: Rules): string {
  const any = rules.builtin("plain-char");
  if (next.size === 0) return rules.add("other-name", ends ? `${any}+` : `${any}*`, place);
  const taken = [...next.keys()].map((character) => classCharacter(character.codePointAt(0) ?? 0)).join("");
  const parts = [`[^"\\\\\\x00-\\x1F\\x7F${taken}] ${any}*`];
  for (const [character, branch] of next) parts.push(`${literal(character)} ${done.get(branch) ?? ""}`);
  if (!ends) parts.push('""');
  return rules.add("other-name", parts.join(" | "), place);
}
