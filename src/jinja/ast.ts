/** What a template says, as a tree. */
import type { Value } from "./values.js";

interface Call {
  readonly args: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  /** After "*" and "**". */
  readonly rest: Expression | null;
  readonly namedRest: Expression | null;
}

export type CallArguments = Call;

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface LogicalExpression {
  readonly type: "and" | "or";
  readonly left: Expression;
  readonly right: Expression;
}

export type Expression =
  | { readonly type: "constant"; readonly value: Value }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "list" | "tuple" | "concat"; readonly items: readonly Expression[] }
  | { readonly type: "dict"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly type: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly type: "item"; readonly of: Expression; readonly key: Expression }
  | { readonly type: "slice"; readonly bounds: readonly (Expression | null)[] }
  | ({ readonly type: "call"; readonly of: Expression } & Call)
  | ({ readonly type: "filter"; readonly of: Expression | null; readonly name: string } & Call)
  | ({ readonly type: "test"; readonly of: Expression; readonly name: string } & Call)
  | { readonly type: "unary"; readonly operator: "-" | "+" | "not"; readonly of: Expression }
  | { readonly type: "binary"; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | LogicalExpression
  | { readonly type: "compare"; readonly first: Expression; readonly rest: readonly (readonly [CompareOperator, Expression])[] }
  | { readonly type: "if"; readonly test: Expression; readonly then: Expression; readonly otherwise: Expression | null };

export type FilterExpression = Extract<Expression, { type: "filter" }>;
export type CallExpression = Extract<Expression, { type: "call" }>;

/** What can be assigned to: a name, a namespace's attribute, or several. */
export type Target =
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "attribute"; readonly of: string; readonly name: string }
  | { readonly type: "tuple"; readonly items: readonly Target[] };

export interface Parameter {
  readonly name: string;
  readonly otherwise: Expression | null;
}

/** The body of a macro or a call block, with the special names that it uses. */
export interface MacroBody {
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly uses: ReadonlySet<string>;
}

export type Statement = { readonly line: number } & (
  | { readonly type: "data"; readonly text: string }
  | { readonly type: "output"; readonly values: readonly Expression[] }
  | {
      readonly type: "if";
      readonly branches: readonly (readonly [Expression, readonly Statement[]])[];
      readonly otherwise: readonly Statement[];
    }
  | {
      readonly type: "for";
      readonly target: Target;
      readonly iterable: Expression;
      readonly test: Expression | null;
      readonly recursive: boolean;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly type: "set"; readonly target: Target; readonly value: Expression }
  | { readonly type: "setBlock"; readonly target: Target; readonly filter: FilterExpression | null; readonly body: readonly Statement[] }
  | ({ readonly type: "macro"; readonly name: string } & MacroBody)
  | ({ readonly type: "callBlock"; readonly call: CallExpression } & MacroBody)
  | { readonly type: "filterBlock"; readonly filter: FilterExpression; readonly body: readonly Statement[] }
  | { readonly type: "with"; readonly targets: readonly (readonly [Target, Expression])[]; readonly body: readonly Statement[] }
  | { readonly type: "scope"; readonly body: readonly Statement[] }
  | { readonly type: "break" | "continue" }
);
