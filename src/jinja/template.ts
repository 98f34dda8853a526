/** Jinja, as transformers sets jinja2 up for chat templates. */
import type { Statement } from "./ast.js";
import { globals } from "./globals.js";
import { render } from "./interpreter.js";
import { parse } from "./parser.js";
import { Scope } from "./scope.js";
import type { Text } from "./text.js";
import type { Value } from "./values.js";

export class Template {
  readonly #statements: readonly Statement[];

  /** @throws TemplateError with the line, for what cannot be read */
  constructor(source: string) {
    this.#statements = parse(source);
  }

  /** `now`: the time that strftime_now() writes. @throws TemplateError for what the template refuses or does wrong */
  render(values: Readonly<Record<string, Value>>, now: Date): Text {
    const outer = new Scope();
    for (const [name, value] of globals(now)) outer.set(name, value);
    for (const [name, value] of Object.entries(values)) outer.set(name, value);
    return render(this.#statements, new Scope(outer));
  }
}
