/** Measures of one's own, out of JavaScript files. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Metric } from "../../evaluate/index.js";
import { unreadable } from "../../files/file-errors.js";
import { isJsonObject } from "../../files/json.js";
import { ArgsearchError } from "../../index.js";
import { show } from "../../validate.js";

/**
 * The metrics that these modules export as their default, one or an array each.
 *
 * @throws ArgsearchError FILE_NOT_FOUND, NOT_A_FILE; INPUT_INVALID for a module that fails or exports something else
 */
export async function readMetrics(paths: readonly string[]): Promise<Metric[]> {
  const metrics: Metric[] = [];
  for (const path of paths) metrics.push(...(await metricsOfFile(path)));
  return metrics;
}

async function metricsOfFile(path: string): Promise<Metric[]> {
  const exported = await defaultExport(path);
  const metrics = Array.isArray(exported) ? exported : [exported];
  if (metrics.length > 0 && metrics.every(isMetric)) return metrics.map((metric) => named(metric, path));
  const example = `export default { name: "questions", measure: (responses) => responses.map(({ response }) => response.split("?").length - 1) }`;
  const what = exported === undefined ? "has no default export" : `exports ${show(exported)} as its default`;
  throw new ArgsearchError("INPUT_INVALID", `${path} ${what}: a metric, or an array of them, is { name, measure }, such as ${example}`);
}

async function defaultExport(path: string): Promise<unknown> {
  const present = await stat(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  if (!present.isFile()) throw new ArgsearchError("NOT_A_FILE", `${path} is not a file: --metric takes a JavaScript module`);
  try {
    return ((await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw failure(path, "cannot be loaded", cause);
  }
}

function isMetric(value: unknown): value is Metric {
  return isJsonObject(value) && typeof value.name === "string" && value.name !== "" && typeof value.measure === "function";
}

/** Says of whose measure it is when that fails. */
function named(metric: Metric, path: string): Metric {
  const measure: Metric["measure"] = async (...given) => {
    try {
      return await metric.measure(...given);
    } catch (cause) {
      throw cause instanceof ArgsearchError ? cause : failure(path, `failed to measure "${metric.name}"`, cause);
    }
  };
  return { name: metric.name, share: metric.share, measure };
}

function failure(path: string, what: string, cause: unknown): ArgsearchError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new ArgsearchError("INPUT_INVALID", `${path} ${what}: ${reason}`, { cause });
}
