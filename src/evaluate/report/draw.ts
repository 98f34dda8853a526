import type { TopLevelSpec } from "vega-lite";
import type { ChartSpec } from "./charts.js";
import { loadVega } from "./vega.js";

/**
 * Draws specifications as SVG, by name.
 *
 * @throws ArgsearchError DEPENDENCY_MISSING
 */
export async function drawCharts(charts: readonly Pick<ChartSpec, "name" | "spec">[]): Promise<Map<string, string>> {
  const drawn = new Map<string, string>();
  if (charts.length === 0) return drawn;
  const { vega, compile } = await loadVega();
  for (const { name, spec } of charts) {
    const view = new vega.View(vega.parse(compile(spec as TopLevelSpec).spec), { renderer: "none" });
    try {
      drawn.set(name, await view.toSVG());
    } finally {
      view.finalize();
    }
  }
  return drawn;
}
