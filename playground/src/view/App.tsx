import { server } from "../state/server.js";
import { Candidates } from "./Candidates.js";
import { Comparison } from "./Comparison.js";
import { Header } from "./Header.js";
import { Connecting, Failed, KeyForm, Loading } from "./NotReady.js";
import { PromptForm } from "./PromptForm.js";
import { SettingsForm } from "./SettingsForm.js";

export function App() {
  return (
    <>
      <Header />
      <Body />
    </>
  );
}

function Body() {
  const { value } = server;
  switch (value.state) {
    case "connecting":
      return <Connecting />;
    case "loading":
      return <Loading message={value.message} seconds={value.seconds} />;
    case "key":
      return <KeyForm refused={value.refused} />;
    case "failed":
      return <Failed error={value.error} />;
    case "ready":
      return (
        <div class="page">
          <aside aria-label="Settings">
            <SettingsForm rewarded={value.rewards.length > 0} contextSize={value.contextSize} />
          </aside>
          <main>
            <PromptForm />
            <Comparison rewarded={value.rewards.length > 0} />
            <Candidates />
          </main>
        </div>
      );
  }
}
