/** An answer, token by token: one of them can be reached by Tab, the others from there by arrow keys. */

import { useSignal } from "@preact/signals";
import { Component } from "preact";
import type { Answer } from "../state/answer.js";
import { closeSoon, keepOpen, open, openToken } from "../state/open-token.js";
import type { Piece } from "../state/piece.js";
import { shadeClass, shown } from "../state/scale.js";
import { destination } from "./arrow-keys.js";
import { CANDIDATES } from "./Candidates.js";

export function Tokens({ answer, title }: { answer: Answer; title: string }) {
  const cursor = useSignal(0);
  const pieces = answer.pieces.value;
  const rewards = shown(pieces, answer.blocks.value);
  const opened = openToken.value?.answer === answer ? openToken.value.index : -1;
  const reach = Math.min(cursor.value, pieces.length - 1);

  const show = (index: number, element: HTMLElement): void => {
    cursor.value = index;
    open(answer, index, element);
  };
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }): void => {
    const element = tokenOf(event.target);
    if (element === null) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      show(indexOf(element), element);
      return;
    }
    const next = destination(event.key, element, [...event.currentTarget.children] as HTMLElement[]);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  const onFocus = ({ target }: FocusEvent): void => {
    const element = tokenOf(target);
    if (element !== null) show(indexOf(element), element);
  };
  const onPointerOver = ({ target, pointerType }: PointerEvent): void => {
    const element = pointerType === "touch" ? null : tokenOf(target);
    if (element === null) closeSoon();
    else open(answer, indexOf(element), element);
  };
  const onClick = ({ target }: MouseEvent): void => {
    const element = tokenOf(target);
    if (element !== null && getSelection()?.isCollapsed !== false) show(indexOf(element), element);
  };

  return (
    <div
      class={answer.busy.value ? "answer busy" : "answer"}
      role="listbox"
      aria-orientation="horizontal"
      aria-label={`${title} answer, token by token`}
      onKeyDown={onKeyDown}
      onFocusIn={onFocus}
      onFocusOut={closeSoon}
      onPointerOver={onPointerOver}
      onPointerLeave={({ pointerType }) => pointerType !== "touch" && closeSoon()}
      onPointerDown={keepOpen}
      onClick={onClick}
    >
      {pieces.map((piece, index) => (
        <Token
          key={index}
          index={index}
          piece={piece}
          shade={shadeClass(rewards[index] ?? null)}
          reached={index === reach}
          opened={index === opened}
        />
      ))}
    </div>
  );
}

interface TokenProps {
  index: number;
  piece: Piece;
  shade: string;
  reached: boolean;
  opened: boolean;
}

/** Drawn again only when something of it has changed: there may be thousands. */
class Token extends Component<TokenProps> {
  override shouldComponentUpdate(next: TokenProps): boolean {
    const { piece, shade, reached, opened } = this.props;
    return piece !== next.piece || shade !== next.shade || reached !== next.reached || opened !== next.opened;
  }

  override render({ index, piece, shade, reached, opened }: TokenProps) {
    const { text } = piece;
    const mark = text === "" ? " silent" : text.startsWith("\n") ? " newline" : "";
    return (
      <span
        class={`token${mark} ${shade}`}
        role="option"
        aria-selected={opened}
        aria-describedby={opened ? CANDIDATES : undefined}
        aria-label={text.trim() === "" ? labelOf(piece) : undefined}
        tabIndex={reached ? 0 : -1}
        data-index={index}
      >
        {text}
      </span>
    );
  }
}

function labelOf({ text, token }: Piece): string {
  if (text === "") return token?.text ? `no text: ${token.text}` : "no text";
  return text.includes("\n") ? "line end" : "blank";
}

function tokenOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(".token") : null;
}

function indexOf(element: HTMLElement): number {
  return Number(element.dataset.index);
}
