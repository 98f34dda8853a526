/** The SDKs' packages want Node 22: on an older one their tests are skipped, and say so. */
import { describe } from "vitest";

export const NEW_ENOUGH = Number(process.versions.node.split(".")[0]) >= 22;

/** A suite that takes Node 22; `title` names the packages. */
export function describeOnNewerNode(title: string, suite: () => void): void {
  describe.skipIf(!NEW_ENOUGH)(NEW_ENOUGH ? title : `${title} (skipped: wants Node 22, this is ${process.version})`, suite);
}
