/** Expressions, by jinja2's own precedence. */
import type { BinaryOperator, CallArguments, CompareOperator, Expression, FilterExpression } from "./ast.js";
import { shown, type TokenStream } from "./stream.js";
import { Text } from "./text.js";
import { Float, type Value } from "./values.js";

const CONSTANTS: Readonly<Record<string, Value>> = { true: true, True: true, false: false, False: false, none: null, None: null };
const COMPARE = ["==", "!=", "<", "<=", ">", ">="];

export class ExpressionParser {
  readonly #stream: TokenStream;
  /** Told every name that is read. */
  readonly #onName: (name: string) => void;

  constructor(stream: TokenStream, onName: (name: string) => void) {
    this.#stream = stream;
    this.#onName = onName;
  }

  /** `conditional`: "a if b else c" may stand here. */
  expression(conditional = true): Expression {
    return conditional ? this.#conditional() : this.#or();
  }

  /** One expression, or several with commas as a tuple. `ends`: names that end it. */
  tuple({ conditional = true, ends = [] as readonly string[], parenthesised = false } = {}): Expression {
    const items: Expression[] = [];
    let isTuple = false;
    const stream = this.#stream;
    const atEnd = (): boolean =>
      stream.is("variable_end") || stream.is("block_end") || stream.isOperator(")") || (ends.length > 0 && stream.isName(...ends));
    for (;;) {
      if (items.length > 0) stream.expect("operator", ",");
      if (atEnd()) break;
      items.push(this.expression(conditional));
      if (!stream.isOperator(",")) break;
      isTuple = true;
    }
    const [first] = items;
    if (!isTuple && first !== undefined) return first;
    if (!isTuple && !parenthesised) stream.fail(`Expected an expression, got '${shown(stream.current)}'`);
    return { type: "tuple", items };
  }

  #conditional(): Expression {
    let then = this.#or();
    while (this.#stream.skip("name", "if")) {
      const test = this.#or();
      const otherwise = this.#stream.skip("name", "else") ? this.#conditional() : null;
      then = { type: "if", test, then, otherwise };
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#stream.skip("name", "or")) left = { type: "or", left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#stream.skip("name", "and")) left = { type: "and", left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.#stream.skip("name", "not") ? { type: "unary", operator: "not", of: this.#not() } : this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: [CompareOperator, Expression][] = [];
    for (;;) {
      const operator = this.#compareOperator();
      if (operator === undefined) return rest.length === 0 ? first : { type: "compare", first, rest };
      rest.push([operator, this.#sum()]);
    }
  }

  #compareOperator(): CompareOperator | undefined {
    const stream = this.#stream;
    if (stream.isOperator(...COMPARE)) return stream.next().value as CompareOperator;
    if (stream.skip("name", "in")) return "in";
    if (!stream.isName("not") || stream.following?.kind !== "name" || stream.following.value !== "in") return undefined;
    stream.next();
    stream.next();
    return "not in";
  }

  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const items = [this.#product()];
    while (this.#stream.skip("operator", "~")) items.push(this.#product());
    return items.length === 1 ? (items[0] as Expression) : { type: "concat", items };
  }

  #product(): Expression {
    return this.#binary(["*", "/", "//", "%"], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(["**"], () => this.unary());
  }

  #binary(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (this.#stream.isOperator(...operators)) {
      const operator = this.#stream.next().value as BinaryOperator;
      left = { type: "binary", operator, left, right: operand() };
    }
    return left;
  }

  unary(filters = true): Expression {
    const stream = this.#stream;
    const sign = stream.isOperator("-", "+") ? (stream.next().value as "-" | "+") : undefined;
    const operand: Expression = sign === undefined ? this.primary() : { type: "unary", operator: sign, of: this.unary(false) };
    const postfixed = this.#postfix(operand);
    return filters ? this.#filtersAndTests(postfixed) : postfixed;
  }

  primary(): Expression {
    const stream = this.#stream;
    const { kind, value } = stream.current;
    if (kind === "name") return this.#name(stream.next().value);
    if (kind === "string") return this.#string();
    if (kind === "integer" || kind === "float") return { type: "constant", value: this.#number() };
    if (kind === "operator" && value === "[") return { type: "list", items: this.#list() };
    if (kind === "operator" && value === "{") return { type: "dict", entries: this.#dict() };
    if (!stream.skip("operator", "(")) return stream.fail(`unexpected '${shown(stream.current)}'`);
    const inner = this.tuple({ parenthesised: true });
    stream.expect("operator", ")");
    return inner;
  }

  #name(name: string): Expression {
    if (Object.hasOwn(CONSTANTS, name)) return { type: "constant", value: CONSTANTS[name] as Value };
    this.#onName(name);
    return { type: "name", name };
  }

  #string(): Expression {
    let text = "";
    while (this.#stream.is("string")) text += this.#stream.next().value;
    return { type: "constant", value: new Text(text) };
  }

  #number(): Value {
    const { kind, value } = this.#stream.next();
    const digits = value.replaceAll("_", "");
    return kind === "float" ? new Float(Number(digits)) : Number(digits);
  }

  #list(): Expression[] {
    return this.#items("[", "]", () => this.expression());
  }

  #dict(): [Expression, Expression][] {
    return this.#items("{", "}", () => {
      const key = this.expression();
      this.#stream.expect("operator", ":");
      return [key, this.expression()];
    });
  }

  #items<T>(open: string, close: string, item: () => T): T[] {
    const stream = this.#stream;
    const items: T[] = [];
    stream.expect("operator", open);
    while (!stream.isOperator(close)) {
      if (items.length > 0) stream.expect("operator", ",");
      if (stream.isOperator(close)) break;
      items.push(item());
    }
    stream.next();
    return items;
  }

  #postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.#stream.isOperator(".", "[")) node = this.#subscript(node);
      else if (this.#stream.isOperator("(")) node = { type: "call", of: node, ...this.callArguments() };
      else return node;
    }
  }

  #filtersAndTests(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.#stream.isOperator("|")) node = this.filters(node);
      else if (this.#stream.isName("is")) node = this.#test(node);
      else if (this.#stream.isOperator("(")) node = { type: "call", of: node, ...this.callArguments() };
      else return node;
    }
  }

  #subscript(of: Expression): Expression {
    const stream = this.#stream;
    if (stream.skip("operator", ".")) {
      if (stream.is("name")) return { type: "attribute", of, name: stream.next().value };
      if (stream.is("integer")) return { type: "item", of, key: { type: "constant", value: this.#number() } };
      return stream.fail("expected name or number");
    }
    stream.expect("operator", "[");
    const keys: Expression[] = [];
    while (!stream.isOperator("]")) {
      if (keys.length > 0) stream.expect("operator", ",");
      keys.push(this.#subscribed());
    }
    stream.next();
    return { type: "item", of, key: keys.length === 1 ? (keys[0] as Expression) : { type: "tuple", items: keys } };
  }

  /** What stands in brackets: a key, or a slice. */
  #subscribed(): Expression {
    const stream = this.#stream;
    const bound = (): Expression | null => (stream.isOperator(":", "]", ",") ? null : this.expression());
    const start = bound();
    if (!stream.skip("operator", ":")) return start ?? stream.fail(`unexpected '${shown(stream.current)}'`);
    const stop = bound();
    return { type: "slice", bounds: [start, stop, stream.skip("operator", ":") ? bound() : null] };
  }

  /** Filters behind a value; without one, behind what a block writes. `inline`: the first has no "|". */
  filters(of: Expression | null, inline = false): Expression {
    let node = of;
    for (let first = inline; first || this.#stream.isOperator("|"); first = false) {
      if (!first) this.#stream.next();
      const name = this.#dottedName();
      const args = this.#stream.isOperator("(") ? this.callArguments() : NO_ARGUMENTS;
      node = { type: "filter", of: node, name, ...args } satisfies FilterExpression;
    }
    return node as Expression;
  }

  #dottedName(): string {
    let name = this.#stream.expect("name").value;
    while (this.#stream.skip("operator", ".")) name += `.${this.#stream.expect("name").value}`;
    return name;
  }

  #test(of: Expression): Expression {
    const stream = this.#stream;
    stream.next();
    const negated = stream.skip("name", "not");
    const name = this.#dottedName();
    const test: Expression = { type: "test", of, name, ...this.#testArguments() };
    return negated ? { type: "unary", operator: "not", of: test } : test;
  }

  /** A test takes one argument without parentheses. */
  #testArguments(): CallArguments {
    const stream = this.#stream;
    if (stream.isOperator("(")) return this.callArguments();
    const { kind } = stream.current;
    const literal = kind === "name" || kind === "string" || kind === "integer" || kind === "float" || stream.isOperator("[", "{");
    if (!literal || stream.isName("else", "or", "and")) return NO_ARGUMENTS;
    if (stream.isName("is")) stream.fail("You cannot chain multiple tests with is");
    return { ...NO_ARGUMENTS, args: [this.#postfix(this.primary())] };
  }

  callArguments(): CallArguments {
    const stream = this.#stream;
    const [args, named]: [Expression[], [string, Expression][]] = [[], []];
    let [rest, namedRest]: [Expression | null, Expression | null] = [null, null];
    const ensure = (valid: boolean): unknown => valid || stream.fail("invalid syntax for function call expression");
    stream.expect("operator", "(");
    for (let first = true; !stream.isOperator(")"); first = false) {
      if (!first) stream.expect("operator", ",");
      if (!first && stream.isOperator(")")) break;
      if (stream.skip("operator", "*")) {
        ensure(rest === null && namedRest === null);
        rest = this.expression();
      } else if (stream.skip("operator", "**")) {
        ensure(namedRest === null);
        namedRest = this.expression();
      } else if (stream.is("name") && stream.following?.kind === "operator" && stream.following.value === "=") {
        ensure(namedRest === null);
        const name = stream.next().value;
        stream.next();
        named.push([name, this.expression()]);
      } else {
        ensure(rest === null && namedRest === null && named.length === 0);
        args.push(this.expression());
      }
    }
    stream.next();
    return { args, named, rest, namedRest };
  }
}

const NO_ARGUMENTS: CallArguments = { args: [], named: [], rest: null, namedRest: null };
