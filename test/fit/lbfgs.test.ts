import { describe, expect, it } from "vitest";
import { type Evaluation, minimise, minimiseTogether } from "../../src/fit/lbfgs.js";

const ACCURACY = { tolerance: 1e-9, maxIterations: 200 };
type Objective = (point: Float64Array) => Evaluation;

async function solve(objectives: readonly Objective[], start: Float64Array) {
  let rounds = 0;
  const minima = await minimiseTogether(
    objectives.map(() => minimise(start, ACCURACY)),
    async (points) => {
      rounds += 1;
      return points.map(({ search, point }) => objectives[search](point));
    },
  );
  return { minima, rounds };
}

/** 1/2 Σ a_i (x_i - c_i)². */
function bowl(curvatures: readonly number[], centre: readonly number[]): Objective {
  return (point) => {
    const offsets = point.map((each, i) => each - centre[i]);
    return {
      value: offsets.reduce((sum, each, i) => sum + 0.5 * curvatures[i] * each * each, 0),
      gradient: offsets.map((each, i) => curvatures[i] * each),
    };
  };
}

describe("L-BFGS", () => {
  it("finds the minimum of quadratics, badly scaled ones too", async () => {
    const { minima } = await solve([bowl([1, 1e4, 1e-2], [1, -2, 3])], new Float64Array(3));
    expect(minima[0].converged).toBe(true);
    expect([...minima[0].point]).toEqual([expect.closeTo(1, 6), expect.closeTo(-2, 6), expect.closeTo(3, 6)]);
  });

  it("finds a minimum known in closed form: of log(e^x + e^-x) + x²/2 - x, where tanh x + x = 1", async () => {
    const objective: Objective = ([x]) => ({
      value: Math.log(Math.exp(x) + Math.exp(-x)) + x ** 2 / 2 - x,
      gradient: Float64Array.of(Math.tanh(x) + x - 1),
    });
    const [x] = (await solve([objective], Float64Array.of(-30))).minima[0].point;
    expect(Math.tanh(x) + x).toBeCloseTo(1, 9);
  });

  it("serves several searches with one evaluation a round", async () => {
    const objectives = [bowl([1, 2], [1, 1]), bowl([3, 300], [-1, 5])];
    const { minima, rounds } = await solve(objectives, new Float64Array(2));
    const alone = await Promise.all(objectives.map((objective) => solve([objective], new Float64Array(2))));
    expect(minima).toEqual(alone.map((one) => one.minima[0]));
    expect(rounds).toBe(Math.max(...alone.map((one) => one.rounds)));
  });

  it("leaves its start alone, and stops at the minimum and at its limit", async () => {
    const start = Float64Array.of(1, 1);
    expect((await solve([bowl([1, 1], [1, 1])], start)).minima[0]).toMatchObject({ iterations: 0, converged: true });
    expect([...start]).toEqual([1, 1]);
    const search = minimise(Float64Array.of(9, 9), { tolerance: 1e-9, maxIterations: 1 });
    const objective = bowl([1, 50], [0, 0]);
    let state = search.next();
    while (!state.done) state = search.next(objective(state.value));
    expect(state.value).toMatchObject({ iterations: 1, converged: false });
  });
});
