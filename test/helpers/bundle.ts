/** A source file as a module that programs of their own can load. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "tsdown";
import { afterAll } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "argsearch-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The bundle's path. */
export async function bundle(name: string, source: string): Promise<string> {
  const common = { platform: "node", target: "node20", format: "esm", fixedExtension: true, dts: false, clean: false } as const;
  await build({ ...common, config: false, logLevel: "error", entry: { [name]: source }, outDir: folder });
  return join(folder, `${name}.mjs`);
}
