/** Types as TypeScript writes them, in one line; typedoc's own text says no more than "Object" of what has no name. */

/** @param given a type of typedoc's */
export function typeText(given) {
  const all = (types) => types.map(typeText);
  switch (given.type) {
    case "array":
      return `${inner(given.elementType)}[]`;
    case "union":
      return unionText(all(given.types));
    case "intersection":
      return all(given.types).join(" & ");
    case "tuple":
      return `[${all(given.elements ?? []).join(", ")}]`;
    case "namedTupleMember":
      return `${given.name}${given.isOptional ? "?" : ""}: ${typeText(given.element)}`;
    case "typeOperator":
      return `${given.operator} ${inner(given.target)}`;
    case "reference": {
      const { name } = given.reflection ?? given; // as it is exported
      return given.typeArguments?.length ? `${name}<${all(given.typeArguments).join(", ")}>` : name;
    }
    case "reflection":
      return objectText(given.declaration);
    default:
      return given.toString();
  }
}

/** A list of names that is longer than this is not a type to read. */
const MOST_MEMBERS = 24;

function unionText(members) {
  if (members.length <= MOST_MEMBERS) return members.join(" | ");
  return `${members.slice(0, 3).join(" | ")} | … (${members.length} in all)`;
}

/** What an operator or brackets would tear apart stands in parentheses. */
function inner(given) {
  const text = typeText(given);
  const torn = ["union", "intersection", "typeOperator"].includes(given.type) || (given.type === "reflection" && text.includes("=>"));
  return torn ? `(${text})` : text;
}

function objectText({ signatures, children, indexSignatures }) {
  if (signatures?.length && !children) return `${parametersText(signatures[0])} => ${typeText(signatures[0].type)}`;
  const fields = (children ?? []).map(
    (child) => `${readonlyText(child)}${child.name}${child.flags.isOptional ? "?" : ""}: ${fieldType(child)}`,
  );
  const indexed = (indexSignatures ?? []).map(({ parameters, type }) => `[key: ${typeText(parameters[0].type)}]: ${typeText(type)}`);
  return fields.length + indexed.length === 0 ? "{}" : `{ ${[...fields, ...indexed].join("; ")} }`;
}

function readonlyText({ flags }) {
  return flags.isReadonly ? "readonly " : "";
}

/** Of a field; that it may be undefined is what its question mark says. */
export function fieldType({ type, signatures, getSignature, flags }) {
  if (signatures?.length) return `${parametersText(signatures[0])} => ${typeText(signatures[0].type)}`;
  const own = type ?? getSignature?.type;
  if (own === undefined) return "unknown";
  if (!flags.isOptional || own.type !== "union") return typeText(own);
  const types = own.types.filter((each) => !(each.type === "intrinsic" && each.name === "undefined"));
  return unionText(types.map((each) => (types.length > 1 && each.type === "reflection" ? inner(each) : typeText(each))));
}

/** "(prompt: Prompt, options?: GenerateOptions)" */
export function parametersText({ parameters = [], typeParameters = [] }) {
  const generic = typeParameters.map(({ name, type }) => (type === undefined ? name : `${name} extends ${typeText(type)}`));
  const list = parameters.map((parameter) => {
    const { name, flags, defaultValue } = parameter;
    // A parameter that is taken apart has no name.
    const called = name === "__namedParameters" ? "options" : name;
    const optional = flags.isOptional || defaultValue !== undefined;
    return `${flags.isRest ? "..." : ""}${called}${optional ? "?" : ""}: ${fieldType({ ...parameter, flags: { isOptional: optional } })}`;
  });
  return `${generic.length ? `<${generic.join(", ")}>` : ""}(${list.join(", ")})`;
}
