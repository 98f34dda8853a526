import type { TopLevelSpec } from "vega-lite";
import { optionalModule } from "../optional-module.js";
import type { ChartSpec } from "./charts.js";

/**
 * Draws specifications as SVG, by name. vega and vega-lite are optional peers: they are loaded when something is drawn.
 *
 * @throws ArgsearchError DEPENDENCY_MISSING
 */
export async function drawCharts(charts: readonly ChartSpec[]): Promise<Map<string, string>> {
  const drawn = new Map<string, string>();
  if (charts.length === 0) return drawn;
  const load = () => Promise.all([import("vega"), import("vega-lite")]);
  const [vega, { compile }] = await optionalModule(load, "vega vega-lite", "drawing charts");
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
