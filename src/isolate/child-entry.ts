/** The script that runs in child processes, and whether there can be one here. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.js";
import { type ChildKind, childKind, thisHost } from "./child-kind.js";

/** The script is a bundle of its own, also where this file is not bundled: in the tests. */
export function childEntry(): string {
  return join(packageRoot, "dist", "child.js");
}

/** How a child would be started here, or why it would not. */
export function possibleChild(entry = childEntry()): ChildKind {
  const kind = childKind(thisHost());
  if (kind.how !== "none" && !existsSync(entry)) return { how: "none", why: `${entry} is missing` };
  return kind;
}
