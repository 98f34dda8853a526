/** A limit on silence, not on work. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Liveness } from "../../src/isolate/liveness.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMIT = 1000;

function watched(answers: boolean) {
  const onSilence = vi.fn();
  const liveness: Liveness = new Liveness(LIMIT, () => answers && liveness.heard(), onSilence);
  liveness.watch();
  return { liveness, onSilence };
}

it("is over the limit when nothing is heard for so long", () => {
  const { onSilence } = watched(false);
  vi.advanceTimersByTime(LIMIT);
  expect(onSilence).not.toHaveBeenCalled();
  vi.advanceTimersByTime(LIMIT / 2);
  expect(onSilence).toHaveBeenCalled();
});

it("is never over it while signs of life come", () => {
  const { onSilence } = watched(true);
  vi.advanceTimersByTime(100 * LIMIT);
  expect(onSilence).not.toHaveBeenCalled();
});

it("does not count while there is no work, and begins anew", () => {
  const { liveness, onSilence } = watched(false);
  vi.advanceTimersByTime(0.9 * LIMIT);
  liveness.rest();
  vi.advanceTimersByTime(100 * LIMIT);
  liveness.watch();
  vi.advanceTimersByTime(0.9 * LIMIT);
  expect(onSilence).not.toHaveBeenCalled();
});

it("takes a time in which this process did nothing itself for one part of the limit, however long it was", () => {
  vi.useRealTimers();
  let look = (): void => {};
  vi.spyOn(globalThis, "setInterval").mockImplementationOnce((callback) => {
    look = callback as () => void;
    return setTimeout(() => {});
  });
  const { onSilence } = watched(false);
  look(); // after a minute of the program's own work, say
  expect(onSilence).not.toHaveBeenCalled();
});
