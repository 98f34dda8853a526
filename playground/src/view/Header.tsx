import { server } from "../state/server.js";
import { theme, toggleTheme } from "../state/theme.js";

export function Header() {
  const next = theme() === "dark" ? "light" : "dark";
  return (
    <header>
      <h1>
        argsearch <span>playground</span>
      </h1>
      <Models />
      <button type="button" class="quiet" onClick={toggleTheme} aria-label={`Switch to ${next}`}>
        {next === "dark" ? "Dark" : "Light"}
      </button>
    </header>
  );
}

function Models() {
  const { value } = server;
  if (value.state !== "ready") return <p class="models" />;
  return (
    <p class="models">
      <span>{value.model}</span>
      {value.rewards.length > 0 && (
        <>
          <i> guided by </i>
          <span>{value.rewards.join(", ")}</span>
        </>
      )}
    </p>
  );
}
