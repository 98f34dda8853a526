import { guided, plain } from "../state/answer.js";
import { Code } from "./Code.js";
import { Curve } from "./Curve.js";
import { Legend } from "./Legend.js";
import { Pane } from "./Pane.js";
import { Status } from "./Status.js";

export function Comparison({ rewarded }: { rewarded: boolean }) {
  return (
    <>
      <div class="strip">
        <Status />
        {rewarded && <Legend />}
      </div>
      <div class={rewarded ? "panes" : "panes single"}>
        <Pane alone={!rewarded} answer={plain} title="Plain" idle="What the policy says by itself." />
        {rewarded && (
          <Pane alone={false} answer={guided} title="Guided" idle="What it says when a reward model has a voice in every token." />
        )}
      </div>
      {rewarded && <Curve />}
      <Code rewarded={rewarded} />
    </>
  );
}
