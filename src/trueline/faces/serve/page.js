"use strict";
const at = (id) => document.getElementById(id);
const make = (name, text, more) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text }, more);
let key = "";
let card = null;

const ask = (path, body) => fetch(path, {
  method: body === undefined ? "GET" : "POST",
  headers: { ...(key ? { "X-API-Key": key } : {}), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
  body,
});

const refusal = async (response) => {
  try { return (await response.json()).error; } catch { return { message: `the server answered ${response.status}`, problems: [] }; }
};

// There is one row, so there is no first cell among many.
const told = (found) => `${found.column}: ${found.what.replace(/ \(first '[^]*'\)$/, "")}${found.policy === "clip" ? "; clipped" : ""}`;

const shown = (number) => Number.isInteger(number) ? number.toLocaleString() : String(Number(number.toPrecision(6)));

function fact(name, value) {
  if (value === null || value === undefined || value === "") return;
  const entry = make("div");
  entry.append(make("dt", name), make("dd", String(value)));
  at("facts").append(entry);
}

function field(column, place) {
  const entry = make("div", undefined, { className: "field" });
  const label = make("label", column.name, { htmlFor: `field-${place}` });
  const known = column.low !== null && column.high !== null;
  let input;
  if (column.kind === "category" || column.kind === "boolean") {
    input = make("select");
    const levels = column.kind === "boolean" ? ["false", "true"] : column.levels;
    for (const level of levels) input.append(make("option", level, { value: level }));
  } else {
    input = make("input", undefined, { inputMode: "decimal", autocomplete: "off", required: true });
    if (known) {
      label.append(make("small", `${shown(column.low)} to ${shown(column.high)} in training`));
      const middle = (column.low + column.high) / 2;
      input.value = column.kind === "integer" ? String(Math.round(middle)) : String(Number(middle.toPrecision(4)));
    }
  }
  input.id = `field-${place}`;
  entry.append(label, input);
  return entry;
}

// What was typed as a number of JSON, digit by digit, so that none is lost: .5 is 0.5, +3. is 3, 007 is 7.
function number(typed) {
  const parts = /^([+-]?)0*(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(typed);
  if (!parts || !/^[+-]?\.?\d/.test(typed)) return null;
  const [, sign, whole, part, power] = parts;
  return (sign === "-" ? "-" : "") + (whole || "0") + (part ? `.${part}` : "") + (power ?? "");
}

function row() {
  const cells = card.columns.map((column, place) => {
    const { value } = at(`field-${place}`);
    if (column.kind === "category") return [column.name, JSON.stringify(value)];
    const typed = value.trim();
    const plain = column.kind === "boolean" ? typed : number(typed);
    return [column.name, plain ?? JSON.stringify(typed)];
  });
  return `{"rows": [{${cells.map(([name, cell]) => `${JSON.stringify(name)}: ${cell}`).join(", ")}}]}`;
}

function command() {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const auth = at("entry").dataset.asked ? " \\\n  -H 'X-API-Key: YOUR-KEY'" : "";
  at("curl").textContent = `curl ${location.origin}/predict${auth} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(row())}`;
}

// Where the reasons lie with fields, each is marked, and the first one is where to go on.
function explain(error) {
  const fields = card.columns.map((column, place) => [at(`field-${place}`), error.problems.find((problem) => problem.column === column.name)]);
  const wrong = fields.filter(([, problem]) => problem);
  for (const [field] of wrong) field.setAttribute("aria-invalid", "true");
  const lines = wrong.length === error.problems.length ? wrong.map(([, problem]) => told(problem)) : [];
  at("answer").replaceChildren(...(lines.length ? lines : [error.message]).map((line) => make("p", line, { className: "note bad" })));
  if (wrong.length) wrong[0][0].focus();
}

// An answer belongs to what was asked: it goes as soon as that changes.
function forget() {
  at("answer").replaceChildren();
  for (const field of at("fields").querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

async function predict(event) {
  event.preventDefault();
  forget();
  const answer = at("answer");
  const asked = row();
  try {
    const response = await ask("/predict", asked);
    const got = response.ok ? await response.json() : await refusal(response);
    if (asked !== row()) return;
    if (!response.ok) {
      explain(got);
      return;
    }
    answer.replaceChildren(
      make("span", card.target ?? "prediction", { className: "soft" }),
      make("output", String(got.predictions[0])),
      ...got.warnings.map((warning) => make("p", told(warning), { className: "note" })),
    );
  } catch {
    answer.replaceChildren(make("p", "the server cannot be reached", { className: "note bad" }));
  }
}

function steps(decimals) {
  if (decimals > 0) return `${decimals} decimal${decimals === 1 ? "" : "s"}`;
  return decimals === 0 ? "whole numbers" : `multiples of ${(10 ** -decimals).toLocaleString()}`;
}

// Where the key field had the focus, it goes on to the form.
function show() {
  const title = card.target ? `${card.target}, by ${card.name}` : card.name;
  document.title = `${title} – trueline`;
  at("name").textContent = title;
  at("facts").replaceChildren();
  fact("version", card.version);
  fact("fitted by", card.kind);
  fact("training rows", card.rows === null ? null : card.rows.toLocaleString());
  for (const [name, value] of Object.entries(card.training)) {
    if (name.startsWith("held-out") || name === "status") fact(name, typeof value === "number" ? shown(value) : value);
  }
  fact("checked at load", card.checked);
  fact("SHA-256", card.sha256 && `${card.sha256.slice(0, 12)}…`);
  at("fields").replaceChildren(...card.columns.map(field));
  const body = at("coefficients").tBodies[0];
  body.replaceChildren();
  for (const { feature, value } of [...(card.coefficients ?? []), ...(card.coefficients ? [{ feature: "intercept", value: card.intercept }] : [])]) {
    const line = body.insertRow();
    line.append(make("td", feature), make("td", shown(value)));
  }
  at("coefficients").hidden = card.coefficients === null;
  at("hidden").hidden = card.coefficients !== null;
  at("hidden").textContent = `Answers are rounded to ${steps(card.rounded_to)}, and the coefficients are not shown.`;
  const typing = !at("entry").hidden;
  at("entry").hidden = true;
  at("model").hidden = false;
  if (typing) at("fields").querySelector("input, select")?.focus();
  command();
}

async function open() {
  try {
    const response = await ask("/card");
    if (response.ok) {
      card = await response.json();
      show();
      return;
    }
    if (response.status === 401 || response.status === 403) at("entry").dataset.asked = "yes";
    at("entry").hidden = false;
    at("key").select();
    at("refused").textContent = key || response.status !== 401 ? (await refusal(response)).message : "";
  } catch {
    at("entry").hidden = false;
    at("refused").textContent = "the server cannot be reached";
  }
}

at("entry").addEventListener("submit", (event) => { event.preventDefault(); key = at("key").value.trim(); open(); });
at("try").addEventListener("submit", predict);
at("try").addEventListener("input", () => { forget(); command(); });
open();
