// Before `npm pack` and `npm publish`: builds what is missing or stale of all that the package holds. Half a package is none: without an
// addon for every target it is not packed.
import { join } from "node:path";
import { Failure, main, root } from "./lib/run.mjs";
import { isStale } from "./lib/stale.mjs";
import { TARGETS } from "./lib/targets.mjs";
import { buildPrebuilt, checkPrebuilt } from "./prebuilds.mjs";
import { NATIVE_SOURCES, setup } from "./setup.mjs";

await main(import.meta.url, () => {
  setup();
  const failures = TARGETS.flatMap((target) => {
    try {
      if (isStale(join(root, target.file), NATIVE_SOURCES)) buildPrebuilt(target);
      else checkPrebuilt(target);
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [`${target.name}: ${error.message}`];
    }
  });
  if (failures.length === 0) return;
  throw new Failure(
    `The package would lack ${failures.length} of its ${TARGETS.length} addons, and is not packed:\n${failures.join("\n")}`,
  );
});
