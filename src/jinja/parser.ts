/** Statements: the tags of jinja2 that a chat template can use, with break, continue and transformers' generation. */
import type { CallExpression, Expression, FilterExpression, MacroBody, Parameter, Statement, Target } from "./ast.js";
import { ExpressionParser } from "./expressions.js";
import { tokenize } from "./lexer.js";
import { shown, TokenStream } from "./stream.js";

/** @throws TemplateError with the line */
export function parse(source: string): Statement[] {
  return new Parser(new TokenStream(tokenize(source))).template();
}

/** A statement without its line. */
type Unplaced = Statement extends infer S ? (S extends Statement ? Omit<S, "line"> : never) : never;

class Parser {
  readonly #stream: TokenStream;
  readonly #expressions: ExpressionParser;
  /** Names that the macros around the current place read. */
  readonly #reading: Set<string>[] = [];
  /** Loops around the current place that a break can end. */
  #loops = 0;

  readonly #tags: Readonly<Record<string, () => Unplaced>> = {
    if: () => this.#if(),
    for: () => this.#for(),
    set: () => this.#set(),
    macro: () => this.#macro(),
    call: () => this.#callBlock(),
    filter: () => this.#filterBlock(),
    with: () => this.#with(),
    print: () => this.#print(),
    block: () => this.#block(),
    generation: () => ({ type: "scope", body: this.#asFunction(() => this.#until("endgeneration")) }),
    autoescape: () => this.#autoescape(),
    break: () => this.#leave("break"),
    continue: () => this.#leave("continue"),
  };

  constructor(stream: TokenStream) {
    this.#stream = stream;
    this.#expressions = new ExpressionParser(stream, (name) => {
      for (const names of this.#reading) names.add(name);
    });
  }

  template(): Statement[] {
    return this.#statements([]);
  }

  /** Up to a tag of that name, which is left to the caller; up to the template's end where there are none. */
  #statements(ends: readonly string[]): Statement[] {
    const stream = this.#stream;
    const found: Statement[] = [];
    for (;;) {
      const { kind, value, line } = stream.current;
      if (kind === "end") {
        if (ends.length === 0) return found;
        stream.fail(`Unexpected end of template. Jinja was looking for the following tags: '${ends.join("' or '")}'.`);
      }
      stream.next();
      if (kind === "data") found.push({ type: "data", text: value, line });
      else if (kind === "variable_begin") {
        found.push({ type: "output", values: [this.#expressions.tuple()], line });
        stream.expect("variable_end");
      } else {
        if (ends.length > 0 && stream.isName(...ends)) return found;
        found.push({ ...this.#statement(), line } as Statement);
        stream.expect("block_end");
      }
    }
  }

  #statement(): Unplaced {
    const stream = this.#stream;
    if (!stream.is("name")) stream.fail("tag name expected");
    const name = stream.current.value;
    const tag = Object.hasOwn(this.#tags, name) ? this.#tags[name] : undefined;
    if (tag === undefined) return stream.fail(`Encountered unknown tag '${name}'.`);
    stream.next();
    return tag();
  }

  /** The body behind an opening tag, up to one of these, whose name has then been passed. */
  #body(...ends: readonly string[]): { body: Statement[]; end: string } {
    this.#stream.skip("operator", ":");
    this.#stream.expect("block_end");
    const body = this.#statements(ends);
    return { body, end: this.#stream.next().value };
  }

  #until(end: string): Statement[] {
    return this.#body(end).body;
  }

  #if(): Unplaced {
    const branches: [Expression, Statement[]][] = [];
    for (;;) {
      const test = this.#expressions.tuple({ conditional: false });
      const { body, end } = this.#body("elif", "else", "endif");
      branches.push([test, body]);
      if (end === "endif") return { type: "if", branches, otherwise: [] };
      if (end === "else") return { type: "if", branches, otherwise: this.#until("endif") };
    }
  }

  #for(): Unplaced {
    const target = this.#target("in");
    this.#stream.expect("name", "in");
    const iterable = this.#expressions.tuple({ conditional: false, ends: ["recursive"] });
    const test = this.#stream.skip("name", "if") ? this.#expressions.expression() : null;
    const recursive = this.#stream.skip("name", "recursive");
    const parts = (): { body: Statement[]; otherwise: Statement[] } => {
      this.#loops++;
      const { body, end } = this.#body("endfor", "else");
      this.#loops--;
      return { body, otherwise: end === "else" ? this.#until("endfor") : [] };
    };
    return { type: "for", target, iterable, test, recursive, ...(recursive ? this.#asFunction(parts) : parts()) };
  }

  /** Parts that jinja2 compiles to a function of their own: no break leaves them. */
  #asFunction<T>(read: () => T): T {
    const loops = this.#loops;
    this.#loops = 0;
    const parts = read();
    this.#loops = loops;
    return parts;
  }

  #set(): Unplaced {
    const target = this.#target();
    if (this.#stream.skip("operator", "=")) return { type: "set", target, value: this.#expressions.tuple() };
    const filter = this.#stream.isOperator("|") ? (this.#expressions.filters(null) as FilterExpression) : null;
    return { type: "setBlock", target, filter, body: this.#until("endset") };
  }

  #macro(): Unplaced {
    const name = this.#stream.expect("name").value;
    return { type: "macro", name, ...this.#macroBody(() => this.#parameters(), "endmacro") };
  }

  #callBlock(): Unplaced {
    const stream = this.#stream;
    let call: Expression | undefined;
    const head = (): Parameter[] => {
      const parameters = stream.isOperator("(") ? this.#parameters() : [];
      call = this.#expressions.expression();
      if (call.type !== "call") stream.fail("expected call");
      return parameters;
    };
    const body = this.#macroBody(head, "endcall");
    return { type: "callBlock", call: call as CallExpression, ...body };
  }

  #macroBody(head: () => Parameter[], end: string): MacroBody {
    const uses = new Set<string>();
    const parameters = head();
    this.#reading.push(uses);
    const body = this.#asFunction(() => this.#until(end));
    this.#reading.pop();
    return { parameters, body, uses };
  }

  #parameters(): Parameter[] {
    const stream = this.#stream;
    const parameters: Parameter[] = [];
    stream.expect("operator", "(");
    while (!stream.isOperator(")")) {
      if (parameters.length > 0) stream.expect("operator", ",");
      const name = stream.expect("name").value;
      const otherwise = stream.skip("operator", "=") ? this.#expressions.expression() : null;
      if (otherwise === null && parameters.at(-1)?.otherwise) stream.fail("non-default argument follows default argument");
      parameters.push({ name, otherwise });
    }
    stream.next();
    return parameters;
  }

  #filterBlock(): Unplaced {
    const filter = this.#expressions.filters(null, true) as FilterExpression;
    return { type: "filterBlock", filter, body: this.#until("endfilter") };
  }

  #with(): Unplaced {
    const targets: [Target, Expression][] = [];
    while (!this.#stream.is("block_end")) {
      if (targets.length > 0) this.#stream.expect("operator", ",");
      const target = this.#oneTarget();
      this.#stream.expect("operator", "=");
      targets.push([target, this.#expressions.expression()]);
    }
    return { type: "with", targets, body: this.#until("endwith") };
  }

  #print(): Unplaced {
    const values: Expression[] = [];
    while (!this.#stream.is("block_end")) {
      if (values.length > 0) this.#stream.expect("operator", ",");
      values.push(this.#expressions.expression());
    }
    return { type: "output", values };
  }

  #block(): Unplaced {
    const name = this.#stream.expect("name").value;
    while (this.#stream.isName("scoped", "required")) this.#stream.next();
    const body = this.#asFunction(() => this.#until("endblock"));
    this.#stream.skip("name", name);
    return { type: "scope", body };
  }

  /** Chat templates are no HTML: none asks for escapes. */
  #autoescape(): Unplaced {
    const wanted = this.#expressions.expression();
    if (wanted.type !== "constant" || wanted.value !== false) this.#stream.fail("autoescape is supported with false alone");
    return { type: "scope", body: this.#until("endautoescape") };
  }

  #leave(type: "break" | "continue"): Unplaced {
    if (this.#loops === 0) this.#stream.fail(`'${type}' outside loop`);
    return { type };
  }

  /** One target, or several with commas. `end`: a name that ends them. */
  #target(end?: string): Target {
    const stream = this.#stream;
    const items = [this.#oneTarget()];
    let several = false;
    while (stream.skip("operator", ",")) {
      several = true;
      if (stream.is("block_end") || stream.isOperator(")", "=") || (end !== undefined && stream.isName(end))) break;
      items.push(this.#oneTarget());
    }
    return several ? { type: "tuple", items } : (items[0] as Target);
  }

  #oneTarget(): Target {
    const stream = this.#stream;
    if (stream.skip("operator", "(")) {
      const inner = this.#target();
      stream.expect("operator", ")");
      return inner;
    }
    if (!stream.is("name")) stream.fail(`can't assign to '${shown(stream.current)}'`);
    const { value } = stream.next();
    if (!stream.skip("operator", ".")) return { type: "name", name: value };
    return { type: "attribute", of: value, name: stream.expect("name").value };
  }
}
