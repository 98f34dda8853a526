/** Expressions and their values. */
import { attributeOf, calling, itemOf, sliceOf } from "./access.js";
import type { CallArguments, Expression, LogicalExpression } from "./ast.js";
import { TemplateError } from "./errors.js";
import { applyFilter, isFilter } from "./filters.js";
import { binary, compares, merged, negative, positive, requireItems } from "./operators.js";
import type { Scope } from "./scope.js";
import { iterate } from "./sequences.js";
import { str } from "./show.js";
import { applyTest } from "./tests.js";
import { Text } from "./text.js";
import { type Arguments, Dict, isTrue, List, Tuple, Undefined, type Value } from "./values.js";

/** @throws TemplateError */
export function evaluate(node: Expression, scope: Scope): Value {
  const of = (each: Expression): Value => evaluate(each, scope);
  switch (node.type) {
    case "constant":
      return node.value;
    case "name":
      return scope.get(node.name);
    case "list":
      return new List(node.items.map(of));
    case "tuple":
      return new Tuple(node.items.map(of));
    case "concat":
      return Text.join(node.items.map((item) => str(of(item))));
    case "dict":
      return new Dict(node.entries.map(([key, value]) => [of(key), of(value)] as const));
    case "attribute":
      return attributeOf(of(node.of), node.name);
    case "item":
      return itemAt(of(node.of), node.key, scope);
    case "call":
      return calling(of(node.of)).call(argumentsOf(node, scope));
    case "filter":
      return applyFilter(node.name, node.of === null ? null : of(node.of), argumentsOf(node, scope));
    case "test":
      return tested(node, scope);
    case "unary":
      return node.operator === "not" ? !isTrue(of(node.of)) : (node.operator === "-" ? negative : positive)(of(node.of));
    case "binary":
      return binary(node.operator, of(node.left), of(node.right));
    case "and":
    case "or":
      return either(node, scope);
    case "compare":
      return compared(node, scope);
    case "if":
      return conditional(node, scope);
    case "slice":
      throw new TemplateError("a slice stands in brackets behind a value");
  }
}

type Node<T extends Expression["type"]> = Extract<Expression, { readonly type: T }>;

function itemAt(value: Value, key: Expression, scope: Scope): Value {
  if (key.type !== "slice") return itemOf(value, evaluate(key, scope));
  return sliceOf(
    value,
    key.bounds.map((bound) => (bound === null ? undefined : evaluate(bound, scope))),
  );
}

function tested(node: Node<"test">, scope: Scope): boolean {
  const value = evaluate(node.of, scope);
  if (node.name === "filter") return isFilter(str(value).value);
  return applyTest(node.name, value, argumentsOf(node, scope));
}

/** The side that decides, not whether it is true. */
function either(node: LogicalExpression, scope: Scope): Value {
  const left = evaluate(node.left, scope);
  return isTrue(left) === (node.type === "or") ? left : evaluate(node.right, scope);
}

/** a < b < c holds where both do. */
function compared(node: Node<"compare">, scope: Scope): boolean {
  let left = evaluate(node.first, scope);
  for (const [operator, operand] of node.rest) {
    const right = evaluate(operand, scope);
    if (!compares(operator, left, right)) return false;
    left = right;
  }
  return true;
}

function conditional({ test, then, otherwise }: Node<"if">, scope: Scope): Value {
  if (isTrue(evaluate(test, scope))) return evaluate(then, scope);
  if (otherwise !== null) return evaluate(otherwise, scope);
  return new Undefined("the inline if-expression evaluated to false and no else section was defined.");
}

/** @throws TemplateError for "**" before what is no mapping of names */
export function argumentsOf({ args, named, rest, namedRest }: CallArguments, scope: Scope): Arguments {
  const positional = args.map((arg) => evaluate(arg, scope));
  if (rest !== null) positional.push(...iterate(evaluate(rest, scope)));
  requireItems(positional.length);
  const own = new Dict(named.map(([name, value]) => [new Text(name), evaluate(value, scope)] as const));
  if (namedRest === null) return { positional, named: own };
  const more = evaluate(namedRest, scope);
  if (!(more instanceof Dict)) throw new TemplateError("argument after ** must be a mapping");
  for (const key of more.keys()) {
    if (!(key instanceof Text)) throw new TemplateError("keywords must be strings");
    if (own.has(key)) throw new TemplateError(`got multiple values for keyword argument '${key.value}'`);
  }
  return { positional, named: merged(own, more) };
}
