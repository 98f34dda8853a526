// Brings llama.cpp's converter of Hugging Face models into a folder, once, and prints the folder that it lies in.
//   node scripts/converter.mjs CACHE [BUNDLE]
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkOut, version } from "./lib/llama-source.mjs";
import { main, place } from "./lib/run.mjs";

const wanted = ["LICENSE", "convert_hf_to_gguf.py", "conversion", "gguf-py"];

/** Another file, or another version of it, has another name. */
function nameOf(bundle) {
  const { mtimeMs, size } = statSync(bundle);
  return createHash("sha256").update(`${bundle} ${mtimeMs} ${size}`).digest("hex").slice(0, 12);
}

/** The folder. Without a bundle, npm's is fetched. */
export function fetchConverter(cache, bundle) {
  const target = join(cache, `converter-${bundle === undefined ? version : nameOf(bundle)}`);
  if (!existsSync(target)) {
    mkdirSync(cache, { recursive: true });
    const temporary = mkdtempSync(join(cache, "fetch-"));
    try {
      place(checkOut(temporary, wanted, bundle), target);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  return target;
}

await main(import.meta.url, ([cache, bundle]) => console.log(fetchConverter(cache, bundle)));
