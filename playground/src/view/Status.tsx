import { type Answer, guided, plain } from "../state/answer.js";
import { fixed } from "./numbers.js";

/** What is going on, in words; changes a few times an answer, so that it can be read out. */
export function Status() {
  return (
    <p class="status" role="status" aria-live="polite">
      {words()}
    </p>
  );
}

function words(): string {
  const states = [plain.state.value, guided.state.value];
  if (states.every((state) => state === "idle")) return "Ready.";
  if (states.includes("streaming")) return "Answering.";
  if (states.includes("waiting")) return "Reading the prompt.";
  return [outcome("Plain", plain), outcome("Guided", guided)].filter((each) => each !== "").join(" ");
}

function outcome(title: string, { state, reward }: Answer): string {
  const rated = reward.value === null ? "" : `, reward ${fixed(reward.value)}`;
  switch (state.value) {
    case "done":
      return `${title}: done${rated}.`;
    case "stopped":
      return `${title}: stopped${rated}.`;
    case "failed":
      return `${title}: failed.`;
    default:
      return "";
  }
}
