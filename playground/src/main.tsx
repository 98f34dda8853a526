import { render } from "preact";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/answer.css";
import "./styles/shades.css";
import "./styles/curve.css";
import { connect } from "./state/server.js";
import { App } from "./view/App.js";

render(<App />, document.getElementById("app") as HTMLElement);
void connect();
