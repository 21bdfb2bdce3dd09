// The console: a client of the admin API and of nothing else. Every text reaches the page as text, never as markup.
"use strict";

const API = "/admin/v1";
const main = document.getElementById("main");
const notice = document.getElementById("notice");
const tabs = document.getElementById("tabs");
let token = sessionStorage.getItem("token") || "";

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined).map((child) =>
    child instanceof Node ? child : document.createTextNode(String(child))));
  return node;
}

function say(text, bad) {
  notice.textContent = text;
  notice.className = bad ? "bad" : "good";
}

class Refused extends Error {}

async function call(method, path, body) {
  const answer = await fetch(API + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  const content = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return content;
  const fields = (content.errors || []).map((e) => `${e.field}: ${e.message}${e.advice ? ` – ${e.advice}` : ""}`);
  throw new Refused([content.detail, ...fields].join("\n"));
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    say(error instanceof Refused ? error.message : `The bridge does not answer: ${error.message}`, true);
    return undefined;
  }
}

const time = (text) => (text ? new Date(text).toLocaleString() : "–");
const button = (text, onclick) => el("button", { type: "button", onclick }, text);
const show = (...nodes) => main.replaceChildren(...nodes.flat());

function table(caption, heads, rows, none) {
  if (!rows.length) return el("p", {}, none);
  return el("table", {}, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, cell === null || cell === undefined ? "–" : cell))))));
}

// -- sections ---------------------------------------------------------------------------------------------------

async function overview() {
  const stats = await call("GET", "/stats");
  const pairs = (counts) => Object.entries(counts).map(([name, count]) => [name, count]);
  show(el("h2", {}, "Overview"),
    el("p", { class: stats.backlog.oldest_due_seconds > 60 ? "bad" : "" },
      `${stats.backlog.due_events} events due, the longest for ${Math.round(stats.backlog.oldest_due_seconds)} s; `
      + `${stats.backlog.unseen_deliveries} webhooks not looked at yet.`),
    table("Orders by state", ["State", "Orders"], pairs(stats.orders), "No orders yet."),
    table("Events by state", ["State", "Events"], pairs(stats.events), "No events yet."),
    table("Needs a person", ["Problem", "Events"], pairs(stats.problems), "Nothing needs a person."),
    table("Last 24 hours", ["Hour", "Recorded", "Done", "Skipped", "Retried", "Dead"],
      stats.throughput.map((h) => [time(h.hour), h.recorded, h.done, h.skipped, h.retried, h.dead]), "Nothing happened."));
}

function poll(store, stream) {
  const health = store.polls[stream];
  if (!health) return "–";
  return health.failures ? el("span", { class: "bad" }, `${health.failures} failed: ${health.trouble}`) : time(health.polled_at);
}

function hearing(store) {
  if (store.webhooks_problem) return el("span", { class: "bad" }, store.webhooks_problem);
  const heard = store.webhooks;
  if (heard && heard.verdict === "silent") return el("span", { class: "bad" }, `silent: ${heard.advice}`);
  if (!store.webhooks_checked_at) return "not looked at";
  return heard && heard.advice ? `${heard.verdict}: ${heard.advice}` : "in order";
}

function compared(store) {
  const last = store.reconciliation;
  if (!last) return button("not yet", () => attempt(() => reports(store)));
  const said = last.open ? `${last.open} differences left` : "nothing differs";
  return el("div", { class: last.open ? "bad" : "" }, `${said}, ${last.orders} orders, ${time(last.ended_at)}`,
    button("reports", () => attempt(() => reports(store))));
}

async function reconcile(store) {
  say(`${store.name}: comparing idealo, ledger and store …`);
  const report = await call("POST", `/stores/${store.id}/reconcile`, {});
  say(report.status === "running" ? `${store.name}: goes on; see its reports`
    : `${store.name}: ${report.open} differences left, ${report.mended.length} mended`, report.open > 0);
  await reports(store);
}

async function reports(store) {
  const { items } = await call("GET", `/stores/${store.id}/reconciliations?limit=20`);
  const lines = (report) => [...report.differences, ...report.mended, ...report.waiting].map((d) =>
    [d.verdict, d.rule, d.idealo_order_id, d.store_order_id, d.about, d.expected, d.found, d.verdict === "open" ? d.advice : ""]);
  show(el("h2", {}, `Reconciliations of ${store.name}`), button("back", () => attempt(stores)),
    table("Reports", ["Begun", "By", "Status", "Orders", "Left", "Mended", "Wait for a person", "Notes"],
      items.map((r) => [time(r.started_at), r.found_by, r.status, `${r.orders} of ${r.orders_in_all ?? "?"}`, r.open,
        r.mended.length, r.waiting.length, r.notes.join("; ")]), "None yet."),
    items.length ? table("Newest report", ["What", "Rule", "idealo order", "Store order", "About", "Expected", "Found", "Do"],
      lines(items[0]), "Nothing differs.") : "");
}

async function stores() {
  const { items } = await call("GET", "/stores?limit=200");
  const act = (store, what) => button(what, () => attempt(async () => {
    const done = await call("POST", `/stores/${store.id}/${what}`);
    if (what === "pause" || what === "resume") await stores();
    const said = (done.sides || [{ side: "", findings: done.findings || [] }])
      .flatMap((side) => side.findings.map((f) => `${f.ok ? "ok" : "FAIL"} ${side.side} ${f.name}: ${f.detail} ${f.advice}`));
    say([`${what}: ${done.ok === false ? "something is not in order" : "done"}`, ...said].join("\n"), done.ok === false);
  }));
  show(el("h2", {}, "Stores"),
    table("Connected stores", ["Name", "Kind", "Status", "idealo shop", "Last webhook", "idealo polled", "Shop polled", "Webhooks", "Reconciled", "Do"],
      items.map((s) => [s.name, s.kind, s.status, s.idealo_shop_id, time(s.last_webhook_at), poll(s, "idealo"), poll(s, "store"),
        hearing(s), compared(s),
        [act(s, "check"), act(s, "webhooks"), act(s, "poll"), act(s, s.status === "paused" ? "resume" : "pause"),
          button("reconcile", () => attempt(() => reconcile(s)))]
          .reduce((box, b) => { box.append(b); return box; }, el("div"))]),
      "No store is connected."),
    items.length ? aliasForm(items) : "");
}

function aliasForm(items) {
  const form = el("form", { class: "card", onsubmit: (event) => {
    event.preventDefault();
    const given = new FormData(form);
    attempt(async () => {
      const added = await call("POST", `/stores/${given.get("store")}/sku-aliases`,
        { idealo_sku: given.get("idealo_sku"), store_sku: given.get("store_sku") });
      say(`Alias added; ${added.resumed} waiting orders are tried again.`);
      form.reset();
    });
  } },
  el("h3", {}, "SKU alias"),
  el("label", { for: "alias-store" }, "Store"),
  el("select", { id: "alias-store", name: "store" }, items.map((s) => el("option", { value: s.id }, s.name))),
  el("label", { for: "idealo-sku" }, "SKU at idealo"), el("input", { id: "idealo-sku", name: "idealo_sku", required: true }),
  el("label", { for: "store-sku" }, "SKU in the store"), el("input", { id: "store-sku", name: "store_sku", required: true }),
  el("button", { type: "submit" }, "Add alias"));
  return form;
}

const STATES = ["", "attention", "importing", "open", "shipped", "cancelled", "closed"];

async function orders(cursor, filter) {
  const wanted = filter || { state: "", idealo_order_id: "", store_order_number: "" };
  const query = new URLSearchParams(Object.entries({ ...wanted, ...(cursor ? { cursor } : {}) }).filter(([, value]) => value));
  const page = await call("GET", `/orders?${query}`);
  const form = el("form", { class: "filters", onsubmit: (event) => {
    event.preventDefault();
    attempt(() => orders(null, Object.fromEntries(new FormData(form))));
  } },
  el("label", {}, "State", el("select", { name: "state" },
    STATES.map((s) => el("option", { value: s, selected: s === wanted.state }, s || "any")))),
  el("label", {}, "idealo order id", el("input", { name: "idealo_order_id", value: wanted.idealo_order_id })),
  el("label", {}, "Store order number", el("input", { name: "store_order_number", value: wanted.store_order_number })),
  el("button", { type: "submit" }, "Filter"));
  show(el("h2", {}, "Orders"), form,
    table("Newest first", ["idealo order", "Store order", "State", "Problems", "Placed", "Gross"],
      page.items.map((o) => [el("a", { href: `#order/${o.id}` }, o.idealo_order_id), o.store_order_number,
        el("span", { class: o.state === "attention" ? "bad" : "" }, o.state), o.problems.join(", ") || null,
        time(o.placed_at), o.gross === null ? null : `${o.gross} ${o.currency}`]), "No order."),
    page.next_cursor ? button("Older", () => attempt(() => orders(page.next_cursor, wanted))) : "");
}

async function order(id) {
  const o = await call("GET", `/orders/${encodeURIComponent(id)}`);
  const look = button("Read both sides again", () => attempt(async () => {
    const looked = await call("POST", `/orders/${o.id}/look`);
    await order(id);
    say(`${looked.new_events} new events.`);
  }));
  show(el("h2", {}, `Order ${o.idealo_order_id}`),
    el("p", {}, `${o.state}${o.problems.length ? ` (${o.problems.join(", ")})` : ""} · store order ${o.store_order_number || "–"}`
      + ` · paid ${o.paid ?? "–"} ${o.currency || ""} · refunded ${o.refunded} · placed ${time(o.placed_at)}`), look,
    table("Lines", ["SKU", "Title", "Ordered", "Shipped", "Cancelled", "Returned"],
      o.lines.map((l) => [l.sku, l.title, l.ordered, l.shipped, l.cancelled, l.returned]), "No lines."),
    el("h3", {}, "Timeline"), el("ol", { class: "timeline" }, o.timeline.map((e) => el("li", {}, eventBox(e, () => order(id))))));
}

async function dead() {
  const { items } = await call("GET", "/events?state=dead&limit=200");
  show(el("h2", {}, "Needs a person"), items.length
    ? el("ol", { class: "timeline" }, items.map((e) => el("li", {},
      el("a", { href: `#order/${e.order_id}` }, `Order ${e.idealo_order_id}`), eventBox(e, dead))))
    : el("p", {}, "Nothing needs a person."));
}

function eventBox(event, after) {
  const box = el("div", {}, el("strong", {}, `${event.type} ${event.key} `),
    el("span", { class: event.state === "dead" ? "bad" : "" }, event.problem ? `${event.state} (${event.problem})` : event.state),
    ` · ${time(event.recorded_at)} · found by ${event.found_by}`,
    el("ul", {}, event.attempts.map((a) => el("li", {},
      `${a.number}. ${a.action ? `${a.action.name}: ` : ""}${a.outcome} by ${a.actor} in ${a.duration_ms} ms – ${a.detail}`))),
    el("details", {}, el("summary", {}, "Data"), el("pre", {}, JSON.stringify(event.data, null, 2))));
  if (event.state !== "dead") return box;
  const id = `reason-${event.id}`;
  const reason = el("input", { id, maxlength: 500 });
  const decide = (what) => button(what, () => attempt(async () => {
    if (!reason.value.trim()) throw new Refused("Say why first; the reason goes on record.");
    await call("POST", `/events/${event.id}/${what}`, { reason: reason.value });
    await after();
    say(`Event ${event.id}: ${what} done.`);
  }));
  box.append(button("preview", () => attempt(async () => {
    const shown = await call("POST", `/events/${event.id}/preview`);
    say(`Now: ${shown.decision}${shown.action ? ` – ${shown.action.name}` : ""} – ${shown.reason}`);
  })), el("label", { for: id }, "Reason"), reason, decide("replay"), decide("dismiss"));
  return box;
}

// -- connect: a form drawn from the kind's JSON Schema -----------------------------------------------------------

async function connect() {
  const { items } = await call("GET", "/store-kinds");
  const fields = el("div");
  const draw = (kind) => fields.replaceChildren(
    ...Object.entries(kind.credentials.properties).map(([name, how]) =>
      field("credentials", name, how, (kind.credentials.required || []).includes(name))),
    el("details", {}, el("summary", {}, "Settings"),
      Object.entries(kind.settings.properties).map(([name, how]) => field("settings", name, how, false))),
    el("ul", {}, kind.capabilities.limits.map((limit) => el("li", {}, limit))));
  const kinds = el("select", { id: "kind", onchange: () => draw(items[kinds.selectedIndex]) },
    items.map((kind) => el("option", { value: kind.kind }, kind.kind)));
  const form = el("form", { class: "card", onsubmit: (event) => { event.preventDefault(); attempt(() => add(form, kinds.value)); } },
    el("h2", {}, "Connect a store"),
    el("label", { for: "kind" }, "Kind"), kinds,
    field("", "name", { description: "What to call it" }, true), fields,
    el("h3", {}, "idealo"),
    field("idealo", "client_id", {}, true), field("idealo", "client_secret", {}, true),
    field("idealo", "environment", { enum: ["production", "sandbox"], default: "production" }, false),
    field("idealo", "base_url", { description: "Instead of environment" }, false),
    el("button", { type: "submit" }, "Check and connect"));
  draw(items[0]);
  show(form);
}

function field(group, name, how, required) {
  const id = `f-${group}-${name}`;
  const kinds = (how.anyOf || [how]).map((one) => one.type);
  const choices = how.enum || (how.anyOf || []).flatMap((one) => one.enum || []);
  const shared = { id, "data-group": group, "data-name": name, required };
  let input;
  if (choices.length) input = el("select", shared, el("option", { value: "" }, `default${how.default ? ` (${how.default})` : ""}`),
    choices.map((choice) => el("option", { value: choice }, choice)));
  else if (kinds.includes("boolean")) input = el("select", { ...shared, "data-as": "json" },
    el("option", { value: "" }, `default (${how.default})`), el("option", { value: "true" }, "yes"), el("option", { value: "false" }, "no"));
  else if (kinds.includes("integer") || kinds.includes("number")) input = el("input", { ...shared, type: "number", "data-as": "json", placeholder: how.default ?? "" });
  else if (kinds.includes("array") || kinds.includes("object")) input = el("textarea", { ...shared, "data-as": "json", placeholder: JSON.stringify(how.default ?? []) });
  else input = el("input", { ...shared, type: group !== "settings" && /secret|token|key|password/.test(name) ? "password" : "text", autocomplete: "off",
    placeholder: (how.examples || [])[0] ?? how.default ?? "" });
  return el("div", {}, el("label", { for: id }, `${name.replaceAll("_", " ")}${required ? " *" : ""}`,
    how.description ? el("span", { class: "hint" }, how.description) : null), input);
}

async function add(form, kind) {
  const body = { kind, credentials: {}, idealo: {}, settings: {} };
  for (const input of form.querySelectorAll("[data-name]")) {
    if (!input.value) continue;
    let value = input.value;
    if (input.dataset.as === "json") {
      try { value = JSON.parse(value); } catch { throw new Refused(`${input.dataset.name} is not JSON.`); }
    }
    (input.dataset.group ? body[input.dataset.group] : body)[input.dataset.name] = value;
  }
  if (body.idealo.base_url) delete body.idealo.environment;
  say("Asking both sides…");
  const store = await call("POST", "/stores", body);
  show(el("div", { class: "card" }, el("h2", {}, `Connected ${store.name}`),
    el("p", {}, `Webhooks go to ${store.webhook_url}`),
    store.webhook_secret ? el("p", {}, "Webhook secret, shown this once: ", el("code", {}, store.webhook_secret)) : null));
  say("Connected.");
}

// -- moving about --------------------------------------------------------------------------------------------------

const SECTIONS = { overview, stores, orders: () => orders(), dead, connect };

async function go() {
  if (!token) return;
  tabs.hidden = false;
  const [name, id] = (location.hash.slice(1) || "overview").split("/");
  for (const link of tabs.querySelectorAll("a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  say("");
  await attempt(() => (name === "order" && id ? order(id) : (SECTIONS[name] || overview)()));
  main.focus();
}

document.getElementById("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  token = document.getElementById("token").value.trim();
  sessionStorage.setItem("token", token);
  go();
});
document.getElementById("leave").addEventListener("click", () => {
  sessionStorage.removeItem("token");
  location.hash = "";
  location.reload();
});
window.addEventListener("hashchange", go);
go();
