/** Where an arrow key leads among words that flow in lines; undefined: nowhere. */
export function destination(key: string, from: HTMLElement, all: readonly HTMLElement[]): HTMLElement | undefined {
  const tokens = all.filter((each) => each.dataset.index !== undefined);
  const at = tokens.indexOf(from);
  switch (key) {
    case "ArrowRight":
      return tokens[at + 1];
    case "ArrowLeft":
      return tokens[at - 1];
    case "Home":
      return tokens[0];
    case "End":
      return tokens.at(-1);
    case "ArrowDown":
      return nearestOnLine(from, tokens.slice(at + 1));
    case "ArrowUp":
      return nearestOnLine(from, tokens.slice(0, Math.max(0, at)).reverse());
    default:
      return undefined;
  }
}

/** Of the first other line that `tokens` come to, what lies nearest. */
function nearestOnLine(from: HTMLElement, tokens: readonly HTMLElement[]): HTMLElement | undefined {
  const line = tokens.find(({ offsetTop }) => offsetTop !== from.offsetTop)?.offsetTop;
  const distance = (each: HTMLElement): number => Math.abs(each.offsetLeft - from.offsetLeft);
  return tokens.filter(({ offsetTop }) => offsetTop === line).sort((a, b) => distance(a) - distance(b))[0];
}
