/** What a token was chosen among: a note beside it, or at the bottom of a narrow screen. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { close, closeSoon, keepOpen, type OpenToken, openToken } from "../state/open-token.js";
import type { Alternative, Piece } from "../state/piece.js";
import { shadeClass } from "../state/scale.js";
import { fixed, visible } from "./numbers.js";
import { placeBeside } from "./place-beside.js";

/** Its id, which the token that it describes refers to. */
export const CANDIDATES = "candidates";

export function Candidates() {
  const { value } = openToken;
  const piece = value?.answer.pieces.value[value.index];
  return value && piece ? <Note opened={value} piece={piece} /> : null;
}

function Note({ opened, piece }: { opened: OpenToken; piece: Piece }) {
  const note = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = (): void => {
      if (note.current) placeBeside(note.current, opened.element);
    };
    const onKeyDown = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") close();
    };
    place();
    addEventListener("scroll", place, { capture: true, passive: true });
    addEventListener("resize", place);
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("scroll", place, { capture: true });
      removeEventListener("resize", place);
      removeEventListener("keydown", onKeyDown);
    };
  }, [opened, piece]);
  return (
    <div id={CANDIDATES} ref={note} role="tooltip" class="candidates" onPointerEnter={keepOpen} onPointerLeave={closeSoon}>
      <p>
        <b>{nameOf(piece)}</b>
        <span class="dim">token {opened.index + 1}</span>
      </p>
      {piece.alternatives.length > 0 ? (
        <Table alternatives={piece.alternatives} />
      ) : (
        <Alone piece={piece} waits={opened.answer.blocks.value} />
      )}
    </div>
  );
}

function Table({ alternatives }: { alternatives: readonly Alternative[] }) {
  const rated = alternatives.some(({ reward }) => reward !== null);
  // A plain answer rates what it takes, and nothing else.
  const scored = alternatives.filter(({ score }) => score !== null).length > 1 || alternatives.length === 1;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">candidate</th>
          <th scope="col">log P</th>
          {rated && <th scope="col">reward</th>}
          {scored && <th scope="col">score</th>}
        </tr>
      </thead>
      <tbody>
        {alternatives.map((alternative, index) => (
          <Row key={index} {...alternative} rated={rated} scored={scored} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ text, logProb, reward, score, chosen, rated, scored }: Alternative & { rated: boolean; scored: boolean }) {
  return (
    <tr class={chosen ? "chosen" : ""}>
      <th scope="row">
        <span class={`swatch ${shadeClass(reward)}`}>{text === "" ? <i>end</i> : visible(text)}</span>
        {chosen && <span class="hidden"> (chosen)</span>}
      </th>
      <td>{fixed(logProb)}</td>
      {rated && <td>{fixed(reward)}</td>}
      {scored && <td>{fixed(score)}</td>}
    </tr>
  );
}

/** Nothing is known of others: of a block, whose drafts are chosen, not its tokens, and of a plain answer's end. */
function Alone({ piece: { logProb, reward }, waits }: { piece: Piece; waits: boolean }) {
  return (
    <p>
      log P {fixed(logProb)}
      {reward !== null && `, reward ${fixed(reward)}`}
      {reward === null && waits && ", rated at the end of its block"}
    </p>
  );
}

function nameOf({ text, token }: Piece): string {
  return visible(token?.text || text) || "end";
}
