/** Whoever writes down what the package takes or gives finds every type of it among the exports. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const ENTRIES = ["index", "eval", "fit", "import", "bench", "ai-sdk", "server"];
const fileOf = (name: string): string => join(dist, `${name}.d.ts`);
const { NodeNext } = ts.ModuleKind;
const program = ts.createProgram(ENTRIES.map(fileOf), { module: NodeNext, strict: true, skipLibCheck: true, types: ["node"] });
const checker = program.getTypeChecker();

function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function exportsOf(file: string): Set<ts.Symbol> {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol;
  return new Set(checker.getExportsOfModule(module).map(original));
}

/** Declarations of ours; a type parameter is its declaration's own. */
function declarationsOf(symbol: ts.Symbol): ts.Declaration[] {
  const ours = (symbol.declarations ?? []).filter((each) => each.getSourceFile().fileName.startsWith(dist.replaceAll("\\", "/")));
  return ours.filter((each) => !ts.isTypeParameterDeclaration(each));
}

/** The types that a declaration names, those of its bases among them. */
function namedIn(node: ts.Node): ts.Symbol[] {
  const name = ts.isTypeReferenceNode(node) ? node.typeName : ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
  const symbol = name && checker.getSymbolAtLocation(name);
  const below: ts.Symbol[] = [];
  ts.forEachChild(node, (child) => void below.push(...namedIn(child)));
  return symbol === undefined ? below : [original(symbol), ...below];
}

/** All that can be reached from the exports. */
function mentioned(from: Iterable<ts.Symbol>): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const open = [...from];
  for (let symbol = open.pop(); symbol !== undefined; symbol = open.pop()) {
    const named = declarationsOf(symbol).flatMap(namedIn);
    for (const each of named) {
      if (found.has(each) || declarationsOf(each).length === 0) continue;
      found.add(each);
      open.push(each);
    }
  }
  return found;
}

describe.each(ENTRIES)("the entry %s", (name) => {
  it("exports every type that it mentions and index does not", () => {
    const own = exportsOf(fileOf(name));
    const known = new Set([...own, ...exportsOf(fileOf("index"))]);
    const types = mentioned(own);
    expect(types.size).toBeGreaterThan(3);
    expect([...types].filter((type) => !known.has(type)).map(({ name }) => name)).toEqual([]);
  });
});
