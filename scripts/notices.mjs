// Writes THIRD_PARTY_NOTICES.md anew. Licences of the engine's parts come from `npm run headers -- --source`, those of the compiler
// that prebuilds are made with from zig (pip install ziglang).
//   node scripts/notices.mjs [--check]
import { writeFileSync } from "node:fs";
import { notices, noticesFault, noticesFile } from "./lib/notices.mjs";
import { Failure, main } from "./lib/run.mjs";

await main(import.meta.url, (argv) => {
  const made = notices();
  if (made.kept.length > 0) console.error(`left as they were, for their licences are not on this machine: ${made.kept.join(", ")}`);
  if (!argv.includes("--check")) return writeFileSync(noticesFile, made.text);
  const fault = noticesFault(made);
  if (fault !== undefined) throw new Failure(fault);
});
