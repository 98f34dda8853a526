/** What earlier runs in a directory found and this one did not ask for. */
import type { JudgeResult } from "./judge/judge.js";
import type { EvaluationResults } from "./results.js";

type Judged = Pick<JudgeResult, "method" | "baseline">;

/**
 * `now` with what `before` says beyond it: coherence without an embedding model this time, metrics of one's own, verdicts. Of
 * methods that got new responses nothing is taken.
 */
export function carryOver(before: EvaluationResults | undefined, now: EvaluationResults, decoded: ReadonlySet<string>): EvaluationResults {
  if (before === undefined) return now;
  const lasting = (name: string): boolean => name in now.methods && !decoded.has(name);
  const methods = Object.entries(now.methods).map(([name, metrics]) => {
    return [name, lasting(name) ? { ...before.methods[name], ...metrics } : metrics] as const;
  });
  const known = new Set(now.comparisons.map(keyOf));
  const comparisons = before.comparisons.filter((each) => lasting(each.a) && lasting(each.b) && !known.has(keyOf(each)));
  const sameAs = (one: Judged) => (other: Judged) => one.method === other.method && one.baseline === other.baseline;
  // Verdicts may be of a run that learned how to ask, though this one had nothing to ask.
  const judged = now.judge.map((each) => {
    const changes = each.changes ?? before.judge.find((other) => sameAs(each)(other) && other.model === each.model)?.changes;
    return { ...each, ...(changes && { changes }) };
  });
  const judge = before.judge.filter((each) => lasting(each.method) && lasting(each.baseline) && !now.judge.some(sameAs(each)));
  const { judgeReward: rated = [] } = now;
  const { judgeReward: ratedBefore = [] } = before;
  const rater = now.settings.judgeReward ?? before.settings.judgeReward ?? null;
  // Of another judge nothing stays: its scale is its own.
  const sameRater = ratedBefore.filter(({ method, baseline, sha256 }) => lasting(method) && lasting(baseline) && sha256 === rater?.sha256);
  return {
    ...now,
    settings: { ...now.settings, embedding: now.settings.embedding ?? before.settings.embedding, judgeReward: rater },
    methods: Object.fromEntries(methods),
    comparisons: [...now.comparisons, ...comparisons],
    judge: [...judged, ...judge],
    judgeReward: [...rated, ...sameRater.filter((each) => !rated.some(sameAs(each)))],
  };
}

function keyOf({ metric, a, b }: EvaluationResults["comparisons"][number]): string {
  return `${metric}/${[a, b].sort().join("/")}`;
}
