/** docs/api.md: what the package exports, out of the docstrings, for readers on GitHub and in the package. The site has more links. */
import { Application, ReflectionKind } from "typedoc";
import { Failure } from "../lib/run.mjs";
import { fieldType, parametersText, typeText } from "./api-types.mjs";
import { entryPoints } from "./entry-points.mjs";
import { nameModules, readingOptions, requireNoFaults } from "./sources.mjs";

const INTRODUCTION = `<!-- Made of the sources' docstrings by \`npm run docs -- --pages\`. -->

# API

What \`argsearch\` and its entries export. A \`?\` marks what may be left out, \`undefined\` is as if it were; an option of another name is an error that
names the right one. Everything that goes wrong is an [\`ArgsearchError\`](#argsearcherror) whose \`code\` is one of [these](errors.md). Programs to start
from are in [recipes](recipes.md), what settings mean in [decoding](decoding.md).
`;

const KINDS = [ReflectionKind.Function, ReflectionKind.Class, ReflectionKind.Interface, ReflectionKind.TypeAlias, ReflectionKind.Variable];

/** @throws Failure when typedoc cannot read the sources, or has anything to say about them */
export async function apiPage() {
  const entries = await entryPoints();
  const app = await Application.bootstrap({ ...readingOptions(entries), readme: "none", disableSources: true });
  const project = await app.convert();
  if (project === undefined) throw new Failure("typedoc could not read the sources");
  app.validate(project);
  requireNoFaults(app);
  nameModules(project, entries);
  const modules = entries
    .map(({ name }) => project.children.find((module) => module.name === name))
    .filter((module) => module !== undefined);
  const exported = modules.flatMap((module) => ownOf(module));
  const anchors = anchorsOf(modules);
  const types = exported.filter(({ kind }) => kind !== ReflectionKind.Function && kind !== ReflectionKind.Variable);
  const page = { anchors, owners: ownersOf(exported), types: new Map(types.map((type) => [type.name, anchors.get(type)])) };
  return `${[INTRODUCTION, contents(modules), ...modules.map((module) => entry(module, page))].join("\n")}`;
}

/** What an entry exports, functions first; what another entry has as well is there. */
function ownOf({ children = [] }) {
  const known = children.filter(({ kind }) => KINDS.includes(kind));
  return known.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compare(a.name, b.name));
}

/** By code points, in whatever language the machine speaks. */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Addresses of headings by name, numbered where one comes twice, as GitHub does it. */
function anchorsOf(modules) {
  const taken = new Map([["api", 1]]);
  const anchors = new Map();
  for (const heading of modules.flatMap((module) => [module, ...ownOf(module)])) {
    const plain = heading.name.toLowerCase().replace(/[^\w-]/g, "");
    const count = taken.get(plain) ?? 0;
    taken.set(plain, count + 1);
    anchors.set(heading, count === 0 ? plain : `${plain}-${count}`);
  }
  return anchors;
}

/** Whose own field a field is, by what is said of it: those who inherit it do not say it again. */
function ownersOf(exported) {
  const owners = new Map();
  for (const owner of exported.filter(({ kind }) => kind === ReflectionKind.Interface)) {
    for (const field of owner.children ?? []) if (field.inheritedFrom === undefined) owners.set(identity(field), owner);
  }
  return owners;
}

function identity(field) {
  return JSON.stringify([field.name, fieldType(field), prose(field.comment ?? field.signatures?.[0]?.comment)]);
}

function contents(modules) {
  const lines = modules.map((module) => {
    const functions = ownOf(module).filter(({ kind }) => kind === ReflectionKind.Function);
    return `- \`${module.name}\`: ${functions.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(", ")}`;
  });
  return `${lines.join("\n")}\n`;
}

function entry(module, page) {
  return [`## ${module.name}\n`, ...ownOf(module).map((each) => section(each, page))].join("\n");
}

function section(given, page) {
  const parts = given.signatures
    ? given.signatures.flatMap((each) => signature(given.name, each, page))
    : [code(declaration(given)), ...remarks(given.comment)];
  return `${[`### ${given.name}`, ...parts.filter((part) => part !== ""), ...fields(given, page)].join("\n\n")}\n`;
}

function declaration({ kind, name, type, extendedTypes = [], typeParameters = [] }) {
  const generic = typeParameters.length ? `<${typeParameters.map((each) => each.name).join(", ")}>` : "";
  if (kind === ReflectionKind.TypeAlias) return isTable(type) ? "" : `type ${name}${generic} = ${typeText(type)}`;
  if (kind === ReflectionKind.Variable) return `const ${name}: ${typeText(type)}`;
  const parents = extendedTypes.map(typeText).filter((parent) => !/^(Pick|Omit|Partial)</.test(parent));
  const base = kind === ReflectionKind.Class ? "class" : "interface";
  return parents.length || kind === ReflectionKind.Class
    ? `${base} ${name}${generic}${parents.length ? ` extends ${parents.join(", ")}` : ""}`
    : "";
}

/** An object whose fields have something to say. */
function isTable(type) {
  return type?.type === "reflection" && (type.declaration.children ?? []).some(({ comment }) => comment !== undefined);
}

function signature(name, given, { types }) {
  const text = `${name}${parametersText(given)}: ${typeText(given.type)}`;
  const named = [...new Set(text.match(/\b[A-Z]\w*/g))].filter((each) => types.has(each)).map((each) => `[${each}](#${types.get(each)})`);
  const parameters = (given.parameters ?? []).filter(({ comment }) => comment !== undefined);
  const list = parameters.map((each) => `- \`${each.name === "__namedParameters" ? "options" : each.name}\`: ${prose(each.comment)}`);
  return [code(text), prose(given.comment), list.join("\n"), ...tags(given.comment), named.join(" · ")];
}

function code(text) {
  return text === "" ? "" : `\`\`\`ts\n${text}\n\`\`\``;
}

function remarks(comment) {
  return [prose(comment), ...tags(comment)];
}

const TAGS = { "@returns": "Returns", "@throws": "Throws", "@default": "Default", "@defaultValue": "Default", "@example": "Example" };

function tags(comment) {
  return (comment?.blockTags ?? []).flatMap(({ tag, content }) => (TAGS[tag] ? [`**${TAGS[tag]}** ${written(content)}`] : []));
}

function prose(comment) {
  return written(comment?.summary ?? []);
}

/** Markdown takes angle brackets for HTML; code is code already. */
function written(parts) {
  return parts
    .map(({ kind, text }) => (kind === "code" ? text : text.replace(/<(?=[\w/])/g, "\\<")))
    .join("")
    .trim();
}

/** Fields and methods of a class, an interface or an object type. */
function fields(given, page) {
  const children = (given.children ?? (isTable(given.type) ? given.type.declaration.children : [])).filter(
    ({ kind, name, flags }) => kind !== ReflectionKind.Constructor && !name.startsWith("[") && !flags.isPrivate && !flags.isProtected,
  );
  const elsewhere = new Map();
  const own = children.filter((child) => {
    const owner = page.owners.get(identity(child));
    if (owner === undefined || owner === given) return true;
    elsewhere.set(owner, [...(elsewhere.get(owner) ?? []), child.name]);
    return false;
  });
  const inherited = [...elsewhere].map(
    ([owner, names]) => `As in [${owner.name}](#${page.anchors.get(owner)}): ${names.map((name) => `\`${name}\``).join(", ")}.`,
  );
  const table =
    own.length === 0 ? [] : [["| field | type | |", "| --- | --- | --- |", ...own.flatMap((child) => rows(child, page))].join("\n")];
  return [...table, ...inherited];
}

/** A row a field, and one a signature of a method. */
function rows(child, { types }) {
  const optional = child.flags.isOptional ? "?" : "";
  const name = `${child.flags.isStatic ? "static " : ""}${child.name}${optional}`;
  if (!child.signatures?.length) {
    const { comment = child.getSignature?.comment } = child;
    return [row(name, fieldType(child), comment, types)];
  }
  return child.signatures.map((each) => row(`${name}${parametersText(each)}`, typeText(each.type), each.comment, types));
}

function row(name, type, comment, types) {
  const about = [prose(comment), ...tags(comment)].filter((part) => part !== "").join(" ");
  return `| ${cell(`\`${name}\``)} | ${cell(linked(type, types))} | ${cell(about)} |`;
}

/** Code, in which names of exported types lead to them. */
function linked(text, types) {
  const parts = text.split(/(?<!["\w])([A-Z]\w*)(?!["\w])/);
  const isLink = (part, at) => at % 2 === 1 && types.has(part);
  let written = "";
  let plain = "";
  const flush = () => {
    if (plain.trim() !== "") written += ` \`${plain.trim()}\` `;
    plain = "";
  };
  parts.forEach((part, at) => {
    if (!isLink(part, at)) plain += part;
    else {
      flush();
      written += `[\`${part}\`](#${types.get(part)})`;
    }
  });
  flush();
  return written.trim();
}

function cell(text) {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|");
}
