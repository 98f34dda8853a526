/** Where the package lies: the source in src/ and the bundle in dist/ are both one folder below it. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), "..");
