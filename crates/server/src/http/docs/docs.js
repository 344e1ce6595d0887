// Shows /api/openapi.json to people. Text becomes text nodes only, never HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
// Objects in objects are shown so deep; what is deeper is named by its type.
const DEEPEST = 4;

let api;

/** An element with attributes and children; strings are text, null is left out. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** What a reference leads to; anything else is itself. */
function resolve(thing) {
  let found = thing;
  for (let steps = 0; found && found.$ref && steps < 8; steps += 1) {
    const way = found.$ref.replace(/^#\//, "").split("/");
    found = way.reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], api);
  }
  return found ?? {};
}

/** Paragraphs, lists, **bold** and `code`: as much Markdown as the document uses. */
function prose(text) {
  return (text ?? "").split(/\n{2,}/).filter(Boolean).map((block) => {
    const lines = block.split("\n");
    if (lines.every((line) => /^[-*] /.test(line))) {
      return el("ul", {}, lines.map((line) => el("li", {}, inline(line.slice(2)))));
    }
    return el("p", {}, inline(block));
  });
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 1) return el("code", {}, part.slice(1, -1));
    if (part.startsWith("**") && part.length > 3) return el("strong", {}, part.slice(2, -2));
    return part;
  });
}

/** The branches of a schema that say more than null. */
function branches(schema) {
  const all = schema.oneOf ?? schema.anyOf ?? schema.allOf ?? [];
  return all.filter((branch) => resolve(branch).type !== "null");
}

/** A schema's type in a few words. */
function typeName(schema) {
  const refName = schema.$ref?.split("/").pop();
  const at = resolve(schema);
  const some = branches(at);
  if (some.length > 0) {
    const names = some.map(typeName).join(at.allOf ? " and " : " or ");
    return some.length < (at.oneOf ?? at.anyOf ?? at.allOf).length ? `${names} or null` : names;
  }
  if (at.const !== undefined) return JSON.stringify(at.const);
  if (at.enum) return at.enum.map((value) => JSON.stringify(value)).join(" | ");
  const types = [at.type ?? (at.properties ? "object" : "any")].flat();
  return types.map((type) => {
    if (type === "array") return `list of ${typeName(at.items ?? {})}`;
    if (type === "object" && refName) return refName;
    return at.format && type !== "null" ? `${type} (${at.format})` : type;
  }).join(" or ");
}

/** The bounds of a value. */
function bounds(schema) {
  const at = resolve(schema);
  const said = [];
  const between = (low, high, unit) => {
    if (low !== undefined && high !== undefined) said.push(`${low}–${high}${unit}`);
    else if (low !== undefined) said.push(`at least ${low}${unit}`);
    else if (high !== undefined) said.push(`at most ${high}${unit}`);
  };
  between(at.minimum, at.maximum, "");
  between(at.minLength, at.maxLength, " characters");
  between(at.minItems, at.maxItems, " items");
  if (at.default !== undefined) said.push(`default ${JSON.stringify(at.default)}`);
  return said.join(", ");
}

/** The object inside a list or a choice, if there is one. */
function objectIn(schema) {
  const at = resolve(schema);
  if (at.properties || at.allOf) return at;
  if (at.items) return objectIn(at.items);
  const [only, ...more] = branches(at);
  return only && more.length === 0 ? objectIn(only) : null;
}

/** All properties, those of the parts of allOf too. */
function propertiesOf(schema) {
  const parts = [schema, ...(schema.allOf ?? []).map(resolve)];
  return {
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})),
    required: new Set(parts.flatMap((part) => part.required ?? [])),
  };
}

/** The fields of an object and of those inside; `marks` says whether needed ones are marked. */
function rowsOf(schema, marks, depth, seen) {
  const { properties, required } = propertiesOf(schema);
  return Object.entries(properties).flatMap(([name, value]) => {
    const inner = objectIn(value);
    const goOn = inner && depth < DEEPEST && !seen.has(inner);
    const label = el("code", {}, name);
    label.style.marginInlineStart = `${depth * 1.25}em`;
    return [
      row(label, marks && required.has(name), value, value.description ?? resolve(value).description),
      ...(goOn ? rowsOf(inner, marks, depth + 1, new Set(seen).add(inner)) : []),
    ];
  });
}

function row(label, needed, schema, description) {
  return el("tr", {},
    el("td", {}, label, needed ? el("span", { class: "needed", title: "needed" }, " ● needed") : null),
    el("td", { class: "kind" }, typeName(schema)),
    el("td", {}, prose(description), bounds(schema) ? el("p", { class: "kind" }, bounds(schema)) : null));
}

function table(title, rows) {
  if (rows.length === 0) return null;
  const head = el("tr", {}, ["Name", "Type", "Meaning"].map((name) => el("th", { scope: "col" }, name)));
  return [title ? el("h3", {}, title) : null, el("table", {}, el("thead", {}, head), el("tbody", {}, rows))];
}

function example(content) {
  const named = Object.values(content.examples ?? {}).map((one) => resolve(one).value);
  const schema = content.schema ?? {};
  const found = [content.example, ...named, schema.example, resolve(schema).example]
    .filter((value) => value !== undefined);
  return found.slice(0, named.length || 1).map((value) =>
    el("pre", { tabindex: "0", "aria-label": "Example" }, JSON.stringify(value, null, 2)));
}

function body(title, content, marks) {
  return Object.entries(content ?? {}).map(([kind, of]) => {
    const media = resolve(of);
    const object = objectIn(media.schema ?? {});
    return [
      el("h3", {}, `${title} · ${kind}`),
      example(media),
      object ? table(null, rowsOf(object, marks, 0, new Set([object]))) : null,
    ];
  });
}

function answers(responses) {
  return [el("h3", {}, "Answers"), Object.entries(responses ?? {}).map(([status, of]) => {
    const response = resolve(of);
    const summary = el("summary", {}, el("code", {}, status), " ", inline(response.description ?? ""));
    const headers = Object.entries(response.headers ?? {}).map(([name, header]) =>
      row(el("code", {}, name), false, resolve(header).schema ?? {}, resolve(header).description));
    const inside = [table("Headers", headers), body("Body", response.content, false)].flat(Infinity).filter(Boolean);
    return inside.length > 0 ? el("details", { class: "answer" }, summary, inside) : el("p", {}, [...summary.childNodes]);
  })];
}

function route(path, method, operation, shared) {
  const parameters = [...(shared ?? []), ...(operation.parameters ?? [])].map(resolve);
  const rows = parameters.map((parameter) =>
    row([el("code", {}, parameter.name), el("span", { class: "kind" }, ` ${parameter.in}`)],
      parameter.required, parameter.schema ?? {}, parameter.description));
  const request = resolve(operation.requestBody);
  return el("details", { class: "route", id: idOf(path, method, operation) },
    el("summary", {},
      el("span", { class: `method ${method}` }, method.toUpperCase()),
      el("span", { class: "path" }, path),
      el("span", { class: "what" }, operation.summary ?? "")),
    el("div", {},
      prose(operation.description),
      table("Parameters", rows),
      body(request.required ? "Body" : "Body, may be left out", request.content, true),
      answers(operation.responses)));
}

function idOf(path, method, operation) {
  return operation.operationId ?? `${method}${path.replaceAll(/[^a-z0-9]+/gi, "-")}`;
}

/** Operations by tag, in the order of the document's tags. */
function byTag() {
  const tags = new Map((api.tags ?? []).map((tag) => [tag.name, { tag, routes: [] }]));
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const name = operation.tags?.[0] ?? "Other";
      if (!tags.has(name)) tags.set(name, { tag: { name }, routes: [] });
      tags.get(name).routes.push({ path, method, operation, shared: item.parameters });
    }
  }
  return [...tags.values()].filter(({ routes }) => routes.length > 0);
}

function show() {
  const about = document.getElementById("about");
  about.replaceChildren(
    el("h1", {}, `${api.info.title} API `, el("small", {}, api.info.version)),
    ...prose(api.info.description),
    el("p", {}, el("a", { href: "/api/openapi.json" }, "The document as JSON"), `, OpenAPI ${api.openapi}`));
  const contents = document.getElementById("contents");
  const routes = document.getElementById("routes");
  for (const { tag, routes: ofTag } of byTag()) {
    const links = ofTag.map(({ path, method, operation }) => {
      const target = `#${idOf(path, method, operation)}`;
      const words = operation.summary ?? path;
      return el("li", { "data-find": `${method} ${path} ${words}`.toLowerCase() },
        el("a", { href: target, title: path }, el("span", { class: `method ${method}` }, method.toUpperCase()), words));
    });
    contents.append(el("div", {}, el("h2", {}, tag.name), el("ul", {}, links)));
    routes.append(el("section", {}, el("h2", {}, tag.name), prose(tag.description),
      ofTag.map(({ path, method, operation, shared }) => route(path, method, operation, shared))));
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
}

function find(event) {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll("#contents > div")) {
    const items = [...group.querySelectorAll("li")];
    for (const item of items) item.hidden = !words.every((word) => item.dataset.find.includes(word));
    group.hidden = items.every((item) => item.hidden);
  }
}

async function start() {
  try {
    const answer = await fetch("/api/openapi.json");
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    api = await answer.json();
    show();
  } catch (error) {
    document.getElementById("state").textContent = `The document cannot be shown: ${error.message}. Reload the page to try again.`;
    return;
  }
  document.getElementById("find").addEventListener("input", find);
  addEventListener("hashchange", openTarget);
  openTarget();
}

start();
