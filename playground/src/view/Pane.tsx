import type { Answer } from "../state/answer.js";
import { settings } from "../state/settings.js";
import { Figures } from "./Figures.js";
import { Problem } from "./Problem.js";
import { Tokens } from "./Tokens.js";

export function Pane({ answer, title, idle, alone }: { answer: Answer; title: string; idle: string; alone: boolean }) {
  const { name, error, busy } = answer;
  return (
    <section class={`pane ${name}`} aria-labelledby={`${name}-title`} aria-busy={busy.value}>
      <div class="head">
        <h2 id={`${name}-title`}>{title}</h2>
        <p>{answer.name === "plain" ? "w = 0" : <Guidance answer={answer} />}</p>
      </div>
      {answer.pieces.value.length > 0 ? <Tokens answer={answer} title={title} /> : <p class="idle">{busy.value ? "…" : idle}</p>}
      {error.value && <Problem error={error.value} />}
      <Figures answer={answer} alone={alone} />
    </section>
  );
}

/** Of the answer that is there, else of the one that would be asked for. */
function Guidance({ answer }: { answer: Answer }) {
  const { method, weight, topK, block, drafts } = answer.sent.value?.argsearch ?? settings.value;
  return method === "blocks" ? `best of ${drafts} drafts of ${block}` : `w = ${weight?.toFixed(2)}, k = ${topK}`;
}
