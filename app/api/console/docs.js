// Draws /openapi.json without anything from elsewhere. Every text reaches the page as text.
"use strict";

const main = document.getElementById("main");

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const paragraphs = (text) => (text || "").split("\n\n").map((part) => el("p", {}, part.replaceAll("`", "")));
const code = (value) => el("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2));

// The schema with its references filled in, to a depth a reader can take.
function filled(document_, schema, depth = 0) {
  if (Array.isArray(schema)) return schema.map((one) => filled(document_, one, depth));
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return depth > 4 ? name : filled(document_, document_.components.schemas[name], depth + 1);
  }
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "title").map(([key, value]) => [key, filled(document_, value, depth)]));
}

function content(document_, parts) {
  return Object.entries(parts || {}).map(([type, part]) => {
    const schema = part.schema ? filled(document_, part.schema) : null;
    const named = Object.entries(part.examples || {}).map(([name, one]) => [name, one.value]);
    const examples = part.example !== undefined ? [["example", part.example]]
      : named.length ? named : ((schema && (schema.examples || (schema.example ? [schema.example] : []))) || []).map((one) => ["example", one]);
    return el("div", {}, el("p", {}, el("code", {}, type)), examples.map(([name, value]) => el("div", {}, name, code(value))),
      schema ? el("details", {}, el("summary", {}, "Schema"), code(schema)) : null);
  });
}

function operation(document_, path, method, what) {
  const parameters = (what.parameters || []).map((p) => el("tr", {}, el("td", {}, el("code", {}, p.name)), el("td", {}, p.in),
    el("td", {}, p.required ? "required" : "optional"), el("td", {}, p.description || (p.schema && p.schema.description) || "")));
  return el("details", { class: "operation" }, el("summary", {}, el("code", {}, `${method.toUpperCase()} ${path}`), ` – ${what.summary || ""}`),
    paragraphs(what.description),
    parameters.length ? el("table", {}, el("caption", {}, "Parameters"), el("tbody", {}, parameters)) : null,
    what.requestBody ? el("div", {}, el("h4", {}, "Body"), content(document_, what.requestBody.content)) : null,
    el("h4", {}, "Answers"),
    Object.entries(what.responses).map(([status, answer]) => el("details", {}, el("summary", {}, `${status} – ${answer.description}`),
      content(document_, answer.content))));
}

async function draw() {
  const document_ = await (await fetch("/openapi.json")).json();
  const sections = document_.tags.map((tag) => el("section", { "aria-label": tag.name }, el("h2", {}, tag.name), el("p", {}, tag.description || ""),
    Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods)
      .filter(([, what]) => (what.tags || []).includes(tag.name))
      .map(([method, what]) => operation(document_, path, method, what)))));
  main.replaceChildren(...paragraphs(document_.info.description), ...sections);
}

draw().catch((error) => { main.textContent = `openapi.json cannot be read: ${error.message}`; });
