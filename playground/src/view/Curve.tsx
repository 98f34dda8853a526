import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Answer, guided, plain } from "../state/answer.js";
import { type Chart, chartOf, type Frame, pathOf } from "../state/chart.js";
import { openToken } from "../state/open-token.js";
import { range, scale, shown } from "../state/scale.js";
import { fixed } from "./numbers.js";

const HEIGHT = 150;
const EMPTY = { low: -1, high: 1 };
const GRADIENT = "reward-gradient";

export function Curve() {
  const figure = useRef<HTMLElement>(null);
  const width = useSignal(600);
  const pointed = useSignal<number | null>(null);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = entry.contentRect.width;
    });
    if (figure.current) observer.observe(figure.current);
    return () => observer.disconnect();
  }, []);

  const frame: Frame = { width: width.value, height: HEIGHT, left: 34, right: 58, top: 8, bottom: 20 };
  const curves = [plain, guided].map((answer) => ({ answer, rewards: rewardsOf(answer) }));
  const tokens = Math.max(...curves.map(({ rewards }) => rewards.length));
  const chart = chartOf(frame, tokens, range.value ?? EMPTY);
  return (
    <figure class="curve" ref={figure}>
      <figcaption>
        Reward of the text so far, by token
        <span class="dim" aria-hidden="true">
          {readout(pointed.value)}
        </span>
      </figcaption>
      <svg
        width={width.value}
        height={HEIGHT}
        viewBox={`0 0 ${width.value} ${HEIGHT}`}
        role="img"
        aria-label={summary()}
        onPointerMove={({ offsetX }) => (pointed.value = tokens > 0 ? chart.indexAt(offsetX) : null)}
        onPointerLeave={() => (pointed.value = null)}
      >
        <Gradient chart={chart} />
        <Axes chart={chart} frame={frame} />
        {pointed.value !== null && (
          <line class="pointed" x1={chart.x(pointed.value)} x2={chart.x(pointed.value)} y1={frame.top} y2={HEIGHT - frame.bottom} />
        )}
        {curves.map(({ answer, rewards }) => (
          <path key={answer.name} class={`line ${answer.name}`} d={pathOf(rewards, chart)} stroke={`url(#${GRADIENT})`} />
        ))}
        <Names curves={curves} chart={chart} />
        <Mark chart={chart} />
      </svg>
    </figure>
  );
}

/** The lines have the tokens' colours. */
function Gradient({ chart: { y } }: { chart: Chart }) {
  const { low, high } = scale.value ?? EMPTY;
  return (
    <linearGradient id={GRADIENT} gradientUnits="userSpaceOnUse" x1={0} x2={0} y1={y(low)} y2={y(high)}>
      <stop class="low" offset={0} />
      <stop class="middle" offset={0.5} />
      <stop class="high" offset={1} />
    </linearGradient>
  );
}

function Axes({ chart: { x, y, xTicks, yTicks }, frame: { width, height, left, right } }: { chart: Chart; frame: Frame }) {
  return (
    <g>
      {yTicks.map((tick) => (
        <g key={tick}>
          <line class={tick === 0 ? "grid zero" : "grid"} x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
          {range.value !== null && (
            <text class="y" x={left - 6} y={y(tick) + 4}>
              {fixed(tick, Number.isInteger(tick) ? 0 : 1)}
            </text>
          )}
        </g>
      ))}
      {xTicks.map((tick) => (
        <text key={tick} class="x" x={x(tick - 1)} y={height - 4}>
          {tick}
        </text>
      ))}
    </g>
  );
}

type Curves = { answer: Answer; rewards: (number | null)[] }[];

/** Beside the curves' ends, so that nobody has to look for a key. */
function Names({ curves, chart: { x, y } }: { curves: Curves; chart: Chart }) {
  const ends = curves.flatMap(({ answer: { name }, rewards }) => {
    const index = rewards.findLastIndex((reward) => reward !== null);
    const reward = rewards[index];
    return reward == null ? [] : [{ name, x: x(index), y: y(reward) }];
  });
  const [first, second] = ends;
  if (first && second && Math.abs(first.y - second.y) < 14 && Math.abs(first.x - second.x) < 50) {
    const apart = (first.y <= second.y ? 1 : -1) * (7 - Math.abs(first.y - second.y) / 2);
    first.y -= apart;
    second.y += apart;
  }
  return (
    <>
      {ends.map(({ name, x, y }) => (
        <text key={name} class={`name ${name}`} x={x + 7} y={y + 4}>
          {name}
        </text>
      ))}
    </>
  );
}

/** The token whose candidates are shown. */
function Mark({ chart: { x, y } }: { chart: Chart }) {
  const { value } = openToken;
  if (value === null) return null;
  const reward = rewardsOf(value.answer)[value.index];
  return reward == null ? null : <circle class="mark" cx={x(value.index)} cy={y(reward)} r={4.5} />;
}

function rewardsOf(answer: Answer): (number | null)[] {
  return shown(answer.pieces.value, answer.blocks.value);
}

function readout(index: number | null): string {
  if (index === null) return "";
  const part = (answer: Answer): string => `${answer.name} ${fixed(rewardsOf(answer)[index])}`;
  return `token ${index + 1}: ${part(plain)}, ${part(guided)}`;
}

function summary(): string {
  const part = (answer: Answer): string => `${answer.name}: ${fixed(answer.reward.value)} after ${answer.pieces.value.length} tokens`;
  return `Reward by token. ${part(plain)}; ${part(guided)}.`;
}
