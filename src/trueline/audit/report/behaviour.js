// The page works without this: it makes charts answer, adds copy buttons, and opens what a link or a printer needs.
(() => {
  "use strict";
  const tip = document.getElementById("tip");

  const show = (event, value) => {
    const list = document.createElement("dl");
    for (const [name, text] of Object.entries(value)) {
      list.append(Object.assign(document.createElement("dt"), { textContent: name }));
      list.append(Object.assign(document.createElement("dd"), { textContent: String(text) }));
    }
    tip.replaceChildren(list);
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
    const below = event.clientY + 14;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below + box.height > innerHeight ? event.clientY - box.height - 14 : below}px`;
  };

  const hover = (_handler, event, _item, value) => {
    if (value === null || typeof value !== "object") tip.hidden = true;
    else show(event, value);
  };

  const refuse = { load: () => Promise.reject(new Error("nothing is loaded")), sanitize: () => Promise.reject(new Error("no address")) };
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: hover, loader: refuse };

  const enliven = async (chart) => {
    const live = chart.querySelector(".live");
    const still = chart.querySelector(".still");
    live.hidden = false;
    still.hidden = true;
    try {
      const spec = JSON.parse(chart.querySelector("script").textContent);
      if (live.clientWidth < 500) spec.config.axis.labelLimit = 105; // a phone: leave room for the bars
      await window.vegaEmbed(live, spec, options);
    } catch (error) {
      live.hidden = true; // the still picture shows the same
      still.hidden = false;
      console.error(error);
    }
  };

  const copy = async (button, code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  for (const command of document.querySelectorAll(".command")) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
    button.addEventListener("click", () => copy(button, command.querySelector("code")));
    command.append(button);
  }

  const findings = [...document.querySelectorAll(".finding")];
  const tools = document.getElementById("findings-tools");
  if (tools) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Open all" });
    button.addEventListener("click", () => {
      const open = findings.some((finding) => !finding.open);
      for (const finding of findings) finding.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
    tools.append(button);
  }

  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    for (let place = target; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  for (const link of document.querySelectorAll('a[href^="#"]')) link.addEventListener("click", () => setTimeout(reveal));
  reveal();

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".finding:not([open]), .how:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of opened) part.open = false; });
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  if (window.vegaEmbed) for (const chart of document.querySelectorAll(".chart")) enliven(chart);
})();
