/** What a report says, out of results and responses. */
import type { EvaluatedResponse } from "../response.js";
import type { EvaluationResults } from "../results.js";
import { besidePaper } from "./beside-paper.js";
import { comparisons } from "./comparisons.js";
import { type Block, heading, MOST_ROWS, type Report, type Table, text } from "./document.js";
import { exampleBlocks } from "./examples.js";
import { lineups } from "./lineup.js";
import { ORDER, shownEstimate, titleOf } from "./numbers.js";
import { rewardVerdicts } from "./reward-verdicts.js";
import { filesTable, remarks, settingsTable } from "./settings.js";
import { verdicts } from "./verdicts.js";

export interface ReportInput {
  results: EvaluationResults;
  responses: readonly EvaluatedResponse[];
  /** The evaluation has: nothing is missing but what the results themselves say. */
  ended: boolean;
  /** Prompts whose answers are shown, by their place in the data. */
  examples: readonly number[];
  /** Names and captions of the charts there are. */
  charts: readonly { name: string; caption: string }[];
  /** The command or call that makes it again; null when it is not known. */
  command: string | null;
}

export function composeReport({ results, responses, ended, examples, charts, command }: ReportInput): Report {
  const { data, source, generation, seed } = results.settings;
  const table = methodTable(results);
  const drawn = charts.map((chart) => ({ kind: "chart" as const, ...chart }));
  const blocks: Block[] = [
    text(
      `${data.prompts} prompts of ${source}, ${generation.maxTokens} new tokens, seed ${seed}. Means with 95 % intervals, bootstrapped, of shares Wilson's; rewards are those of the reward model that guides, for every method.`,
    ),
    ...(ended ? [] : [text(`The evaluation has not ended: ${responsesSoFar(results)} responses are there.`)]),
    heading("Methods"),
    // A sweep is seen in its chart, and looked up in its table.
    ...(table.rows.length > MOST_ROWS ? [...drawn, table] : [table, ...drawn]),
    ...comparisons(results),
    ...verdicts(results),
    ...rewardVerdicts(results),
    heading("Beside the paper"),
    ...besidePaper(results),
    heading("Examples"),
    ...exampleBlocks(results, responses, examples),
    heading("Settings"),
    settingsTable(results),
    filesTable(results),
    ...remarks(results),
    ...(command === null ? [] : [heading("Make it again"), { kind: "code" as const, text: command }]),
  ];
  return { title: "ARGS evaluation", blocks };
}

function responsesSoFar({ settings, methods }: EvaluationResults): string {
  const found = Object.values(methods).reduce((sum, { length }) => sum + (length?.count ?? 0), 0);
  return `${found} of ${Object.keys(settings.methods).length * settings.data.prompts}`;
}

function methodTable(results: EvaluationResults): Table {
  const metrics = metricsOf(results);
  const rows = lineups(results).flatMap(({ label, entries }) => [
    ...(label === null ? [] : [label]),
    ...entries.map(({ name, short }) => [short, ...metrics.map((metric) => shownEstimate(metric, results.methods[name]?.[metric]))]),
  ]);
  return { kind: "table", head: ["method", ...metrics.map(titleOf)], rows };
}

function metricsOf({ methods }: EvaluationResults): string[] {
  const names = new Set(Object.values(methods).flatMap((method) => Object.keys(method)));
  const first = ORDER.filter((name) => names.has(name));
  return [...first, ...[...names].filter((name) => !first.includes(name))];
}
