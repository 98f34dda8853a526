import { SHADES } from "../../../src/cli/page/colour.js";
import { scale } from "../state/scale.js";
import { fixed } from "./numbers.js";

export function Legend() {
  const { value } = scale;
  const name =
    value === null ? "Colours, from low to high reward" : `Colours, from reward ${fixed(value.low, 1)} to ${fixed(value.high, 1)}`;
  return (
    <p class="legend">
      <span aria-hidden="true">{value === null ? "low" : fixed(value.low, 1)}</span>
      <span class="bar" role="img" aria-label={name}>
        {Array.from({ length: SHADES }, (_, index) => (
          <i key={index} class={`shade r${index}`} />
        ))}
      </span>
      <span aria-hidden="true">{value === null ? "high" : fixed(value.high, 1)}</span>
      <span class="dim">reward of the text so far, at each token</span>
    </p>
  );
}
