import type { WireSummary } from "../api/wire.js";
import type { Answer } from "../state/answer.js";
import { fixed } from "./numbers.js";

const ENDS: Record<string, string> = {
  eog: "ended by itself",
  stop: "stop text",
  length: "max tokens",
  context: "context full",
  aborted: "stopped",
};

/** `alone`: no other answer is decoded beside it, in steps that wait for both. */
export function Figures({ answer, alone }: { answer: Answer; alone: boolean }) {
  const { reward, pieces, tokensPerSecond, summary, state } = answer;
  const tokens = pieces.value.filter(({ token }) => token !== null).length;
  return (
    <dl class="figures">
      <Figure name="reward" value={fixed(reward.value)} strong />
      {objectives(summary.value).map(([name, value]) => (
        <Figure key={name} name={name} value={fixed(value)} />
      ))}
      <Figure name="tokens" value={tokens === 0 ? "–" : String(tokens)} />
      <Figure
        name={alone ? "tokens/s" : "tokens/s, shared"}
        value={tokensPerSecond.value === null ? "–" : tokensPerSecond.value.toFixed(tokensPerSecond.value < 10 ? 1 : 0)}
      />
      <Figure name="end" value={state.value === "stopped" ? "stopped" : (ENDS[summary.value.finishReason ?? ""] ?? "–")} />
      {drawn(answer) && summary.value.seed !== undefined && <Figure name="seed" value={String(summary.value.seed)} />}
    </dl>
  );
}

function Figure({ name, value, strong = false }: { name: string; value: string; strong?: boolean }) {
  return (
    <div class={strong ? "strong" : ""}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Otherwise the seed makes no difference. */
function drawn({ sent, blocks }: Answer): boolean {
  return blocks.value || (sent.value?.temperature ?? 0) > 0;
}

/** One alone is the reward itself. */
function objectives({ objectives = {} }: WireSummary): [string, number | null][] {
  const all = Object.entries(objectives);
  return all.length > 1 ? all : [];
}
