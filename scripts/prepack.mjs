// Before `npm pack` and `npm publish`: a package without an addon for this machine would be one that does not run.
// Prebuilt addons of other machines are taken along as they lie in prebuilds/: see scripts/cmake-gyp.mjs.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, npm, root, step } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, () => {
  setup();
  step("prebuilt addon", () => npm(["run", "prebuilds"], { purpose: "The package needs a prebuilt addon of this machine" }));
  setup(); // prebuildify has taken the addon out of build/Release
  const host = `${process.platform}-${process.arch}`;
  const found = addons();
  if (!found.some((path) => path.startsWith(host))) {
    throw new Failure(`prebuilds/ holds no addon for ${host}: "npm run prebuilds" should have made one. The package would not run here.`);
  }
  console.error(`prebuilds/ has ${found.join(", ")}`);
});

function addons() {
  const folder = join(root, "prebuilds");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(".node"))
    .sort();
}
