/** Statements and what they write. */
import { calling } from "./access.js";
import type { MacroBody, Statement, Target } from "./ast.js";
import { TemplateError } from "./errors.js";
import { argumentsOf, evaluate } from "./evaluate.js";
import { applyFilter } from "./filters.js";
import { Loop } from "./loop.js";
import { requireItems } from "./operators.js";
import { Scope } from "./scope.js";
import { iterate } from "./sequences.js";
import { repr, str } from "./show.js";
import { Text, TextBuilder } from "./text.js";
import { Callable, Dict, firstOf, isTrue, Namespace, Tuple, Undefined, type Value } from "./values.js";

/** What ends a loop's round early. */
type Leave = "break" | "continue" | undefined;

type Node<T extends Statement["type"]> = Extract<Statement, { type: T }>;

/** What a template writes. @throws TemplateError */
export function render(statements: readonly Statement[], scope: Scope): Text {
  const out = new TextBuilder();
  runAll(statements, scope, out);
  return out.text();
}

/** What a block writes that is used when it is whole: a round that ends in it leaves nothing of it. */
function runWhole({ body }: Node<"setBlock"> | Node<"filterBlock">, scope: Scope, use: (text: Text) => void): Leave {
  const out = new TextBuilder();
  const leave = runAll(body, new Scope(scope), out);
  if (leave === undefined) use(out.text());
  return leave;
}

function runAll(statements: readonly Statement[], scope: Scope, out: TextBuilder): Leave {
  for (const statement of statements) {
    const leave = run(statement, scope, out);
    if (leave !== undefined) return leave;
  }
  return undefined;
}

function run(node: Statement, scope: Scope, out: TextBuilder): Leave {
  switch (node.type) {
    case "data":
      out.add(new Text(node.text));
      return undefined;
    case "output":
      for (const value of node.values) out.add(str(evaluate(value, scope)));
      return undefined;
    case "if":
      return runIf(node, scope, out);
    case "for":
      return runFor(node, scope, out);
    case "set":
      assign(node.target, evaluate(node.value, scope), scope);
      return undefined;
    case "setBlock":
      return runWhole(node, scope, (text) => assign(node.target, filtered(node, text, scope), scope));
    case "filterBlock":
      return runWhole(node, scope, (text) => out.add(str(filtered(node, text, scope))));
    case "macro":
      scope.set(node.name, macro(node.name, node, scope));
      return undefined;
    case "callBlock":
      out.add(str(runCallBlock(node, scope)));
      return undefined;
    case "with":
      return runWith(node, scope, out);
    case "scope":
      return runAll(node.body, new Scope(scope), out);
    case "break":
    case "continue":
      return node.type;
  }
}

function runIf({ branches, otherwise }: Node<"if">, scope: Scope, out: TextBuilder): Leave {
  const branch = branches.find(([test]) => isTrue(evaluate(test, scope)));
  return runAll(branch === undefined ? otherwise : branch[1], scope, out);
}

function runFor(node: Node<"for">, scope: Scope, out: TextBuilder, iterable: Value = evaluate(node.iterable, scope), depth = 0): Leave {
  const { target, test, body, otherwise, recursive } = node;
  const all = iterate(iterable);
  const items = test === null ? all : all.filter((item) => isTrue(evaluate(test, inside(scope, target, item))));
  requireItems(items.length);
  const recurse = (inner: Value, level: number): Value => {
    const nested = new TextBuilder();
    runFor(node, scope, nested, inner, level);
    return nested.text();
  };
  const loop = new Loop(items, depth, recursive ? recurse : null);
  let ended = false;
  for (const [index, item] of items.entries()) {
    loop.moveTo(index);
    const round = inside(scope, target, item);
    round.set("loop", loop);
    const leave = runAll(body, round, out);
    if (leave === "break") break;
    ended ||= leave === undefined;
  }
  // As jinja2 compiles it: else is for loops of which no round reached its end.
  return ended ? undefined : runAll(otherwise, new Scope(scope), out);
}

function inside(scope: Scope, target: Target, item: Value): Scope {
  const round = new Scope(scope);
  assign(target, item, round);
  return round;
}

function assign(target: Target, value: Value, scope: Scope): void {
  if (target.type === "name") {
    scope.set(target.name, value);
    return;
  }
  if (target.type === "attribute") {
    const owner = scope.get(target.of);
    if (!(owner instanceof Namespace)) throw new TemplateError("cannot assign attribute on non-namespace object");
    owner.set(target.name, value);
    return;
  }
  const items = value instanceof Undefined ? value.fail() : iterate(value);
  const { length } = target.items;
  if (items.length > length) throw new TemplateError(`too many values to unpack (expected ${length})`);
  if (items.length < length) throw new TemplateError(`not enough values to unpack (expected ${length}, got ${items.length})`);
  for (const [index, each] of target.items.entries()) assign(each, items[index] as Value, scope);
}

/** What a block wrote, behind its filters. */
function filtered({ filter }: Node<"setBlock"> | Node<"filterBlock">, text: Text, scope: Scope): Value {
  if (filter === null) return text;
  const before = filter.of?.type === "filter" ? filtered({ filter: filter.of } as Node<"filterBlock">, text, scope) : text;
  return applyFilter(filter.name, before, argumentsOf(filter, scope));
}

function runWith({ targets, body }: Node<"with">, scope: Scope, out: TextBuilder): Leave {
  const inner = new Scope(scope);
  for (const [target, value] of targets.map(([each, expression]) => [each, evaluate(expression, scope)] as const))
    assign(target, value, inner);
  return runAll(body, inner, out);
}

function runCallBlock(node: Node<"callBlock">, scope: Scope): Value {
  const args = argumentsOf(node.call, scope);
  const named = new Dict([...args.named.entries(), [CALLER, macro("caller", node, scope)]]);
  return calling(evaluate(node.call.of, scope)).call({ ...args, named });
}

const CALLER = new Text("caller");

/** A macro sees what stood around it where it was written. */
function macro(name: string, { parameters, body, uses }: MacroBody, scope: Scope): Callable {
  return new Callable(name, (args) => {
    const inner = new Scope(scope);
    const names = parameters.map((parameter) => new Text(parameter.name));
    names.forEach((own, index) => {
      const missing = new Undefined(`parameter '${own.value}' was not provided`);
      inner.set(own.value, firstOf(args.positional[index], args.named.get(own), missing));
    });
    parameters.forEach(({ name: own, otherwise }, index) => {
      const given = args.positional[index] !== undefined || args.named.has(names[index] as Text);
      if (!given && otherwise !== null) inner.set(own, evaluate(otherwise, inner));
    });
    const rest = args.named.without(names.slice(args.positional.length));
    setSpecial(name, inner, args.positional, rest, parameters.length, uses);
    return render(body, inner);
  });
}

/** caller, kwargs and varargs: there where the body uses them; what nobody takes is refused. */
function setSpecial(name: string, scope: Scope, positional: readonly Value[], rest: Dict, count: number, uses: ReadonlySet<string>): void {
  if (uses.has("caller")) {
    scope.set("caller", firstOf(rest.get(CALLER), new Undefined("No caller defined")));
  }
  const others = uses.has("caller") ? rest.without([CALLER]) : rest;
  if (uses.has("kwargs")) scope.set("kwargs", others);
  else if (others.size > 0) throw new TemplateError(`macro '${name}' takes no keyword argument ${repr(others.keys()[0] as Value).value}`);
  if (uses.has("varargs")) scope.set("varargs", new Tuple(positional.slice(count)));
  else if (positional.length > count) throw new TemplateError(`macro '${name}' takes not more than ${count} argument(s)`);
}
