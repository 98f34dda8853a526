/** Between the note and its token, in pixels. */
const GAP = 6;
/** Between the note and the window's edge. */
const MARGIN = 8;

/** Puts a note below its token, or above where there is more room; on narrow screens the style sheet puts it at the bottom. */
export function placeBeside(note: HTMLElement, token: HTMLElement): void {
  const anchor = token.getClientRects()[0] ?? token.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = note;
  const { clientWidth, clientHeight } = document.documentElement;
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - height;
  const top = below + height > clientHeight - MARGIN && above > MARGIN ? above : below;
  const left = Math.max(MARGIN, Math.min(anchor.left, clientWidth - width - MARGIN));
  note.style.setProperty("--top", `${Math.round(top)}px`);
  note.style.setProperty("--left", `${Math.round(left)}px`);
}
