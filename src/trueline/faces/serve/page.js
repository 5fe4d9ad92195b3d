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

const said = async (response) => {
  try { return (await response.json()).error.message; } catch { return `the server answered ${response.status}`; }
};

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

// The row as JSON text. A number goes out as it was typed, so that no digit is lost on the way.
function row() {
  const cells = card.columns.map((column, place) => {
    const typed = at(`field-${place}`).value.trim();
    if (column.kind === "category") return [column.name, JSON.stringify(typed)];
    const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(typed) || typed === "true" || typed === "false";
    return [column.name, number ? typed : JSON.stringify(typed)];
  });
  return `{"rows": [{${cells.map(([name, cell]) => `${JSON.stringify(name)}: ${cell}`).join(", ")}}]}`;
}

function command() {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const auth = at("entry").dataset.asked ? " \\\n  -H 'X-API-Key: YOUR-KEY'" : "";
  at("curl").textContent = `curl ${location.origin}/predict${auth} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(row())}`;
}

async function predict(event) {
  event.preventDefault();
  const answer = at("answer");
  try {
    const response = await ask("/predict", row());
    if (!response.ok) {
      answer.replaceChildren(make("p", await said(response), { className: "note bad" }));
      return;
    }
    const got = await response.json();
    answer.replaceChildren(
      make("span", card.target ?? "prediction", { className: "soft" }),
      make("output", String(got.predictions[0])),
      ...got.warnings.map((warning) => make("p", `${warning.column}: ${warning.what}${warning.policy === "clip" ? "; clipped" : ""}`, { className: "note" })),
    );
  } catch {
    answer.replaceChildren(make("p", "the server cannot be reached", { className: "note bad" }));
  }
}

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
  at("hidden").textContent = `Answers are rounded to ${card.rounded_to} decimals, and the coefficients are not shown.`;
  at("entry").hidden = true;
  at("model").hidden = false;
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
    at("refused").textContent = key || response.status !== 401 ? await said(response) : "";
  } catch {
    at("entry").hidden = false;
    at("refused").textContent = "the server cannot be reached";
  }
}

at("entry").addEventListener("submit", (event) => { event.preventDefault(); key = at("key").value.trim(); open(); });
at("try").addEventListener("submit", predict);
at("try").addEventListener("input", command);
open();
