/** What makes an evaluation again, and what it left out. */
import { describeMethod } from "../describe-method.js";
import type { FileHash } from "../identity.js";
import type { EvaluationResults } from "../results.js";
import { type Block, MOST_ROWS, type Table, text } from "./document.js";

export function settingsTable({ settings }: EvaluationResults): Table {
  const { generation, versions, slots } = settings;
  const methods = Object.entries(settings.methods).map(([name, method]) => [name, describeMethod(method)]);
  const folded = methods.length > MOST_ROWS && { folded: `${methods.length} methods and what they share` };
  return {
    kind: "table",
    ...folded,
    head: ["setting", "value"],
    rows: [
      ...methods,
      ["what they do not name", "as in the paper: no samplers, endings by the reward"],
      ["template", generation.template],
      ["stop", generation.stop.map((stop) => JSON.stringify(stop)).join(", ") || "none"],
      ["slots", String(slots)],
      ["argsearch", versions.argsearch],
      ["llama.cpp", versions.engine],
      ["Node", versions.node],
    ],
  };
}

export function filesTable({ settings }: EvaluationResults): Table {
  const rows = Object.entries(settings.models).flatMap(([label, { policy, rewards }]) => [
    [`policy ${label}`, policy.file, String(policy.size), policy.sha256],
    ...rewards.flatMap(({ reward, kind, base, adapter, weight, judge }) => {
      const what = [`reward ${label}`, ...(kind ? [kind] : []), ...(weight === 1 ? [] : [`weight ${weight}`])].join(", ");
      const row = (role: string, { file, size, sha256 }: FileHash) => [role, file, String(size), sha256];
      const own = typeof reward === "string" ? [what, `function ${reward}`, "", ""] : row(what, reward);
      const adapted = adapter ? [row(`adapter ${label}`, adapter)] : [];
      return [own, ...(base ? [row(`base ${label}`, base)] : []), ...adapted, ...(judge ? [row(`${what}, asked`, judge)] : [])];
    }),
  ]);
  const { embedding } = settings;
  if (embedding) rows.push(["embedding", embedding.file, String(embedding.size), embedding.sha256]);
  if (settings.judgeReward) {
    const { file, size, sha256 } = settings.judgeReward;
    rows.push(["judge's reward", file, String(size), sha256]);
  }
  rows.push(["prompts", settings.source, "", settings.data.sha256]);
  return { kind: "table", head: ["role", "file", "bytes", "SHA-256"], rows };
}

/** Absent measures, lines and answers. */
export function remarks({ settings, failures, badLines }: EvaluationResults): Block[] {
  const blocks: Block[] = [];
  if (settings.embedding === null) blocks.push(text("Coherence is absent: no embedding model was given."));
  if (badLines.length > 0) {
    blocks.push(text(`Lines left out of the data: ${badLines.map(({ line, message }) => `${line} (${message})`).join("; ")}.`));
  }
  if (failures.length > 0) {
    const listed = failures.slice(0, 20).map(({ method, index, message }) => `${index} by ${method} (${message})`);
    blocks.push(text(`Prompts not answered: ${failures.length}. ${listed.join("; ")}.`));
  }
  return blocks;
}
