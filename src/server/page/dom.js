// Elements, and the parts that several views share. Text only ever becomes text nodes: nothing here parses markup.

import { t } from "./texts.js";
import { curl, Problem } from "./api.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element: `on…` attributes are listeners, `vars` custom properties, `false`, `null` and `undefined` leave an attribute out. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "vars") for (const [name, one] of Object.entries(value)) made.style.setProperty(`--${name}`, one);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Whole numbers with separators, others with so many digits. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const percent = (value) => `${number(value * 100)} %`;

/** Heading and one line that says what is shown. */
export function heading(title, line, level = 2) {
  return h("div", { class: "heading" }, h(`h${level}`, {}, title), line && h("p", { class: "line" }, line));
}

/** A section with its heading, its line and its tools. */
export function panel(title, line, { tools = [], name = "" } = {}, ...children) {
  return h("section", { class: `panel ${name}` },
    h("div", { class: "panel-head" }, heading(title, line), h("div", { class: "tools" }, tools)), ...children);
}

/** A button that copies the question as a command line. */
export const copyCurl = (method, path, body) => copyText(t("copy_curl"), () => curl(method, path, body));

/** A button that copies what `made` makes, when it is pressed. */
export function copyText(label, made) {
  const button = h("button", { type: "button", class: "small ghost", title: made().slice(0, 600) }, label);
  button.addEventListener("click", async () => {
    const text = made();
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = t("copied");
    } catch {
      const area = h("textarea", { class: "copy-by-hand", readonly: true, rows: 4, "aria-label": label }, text);
      button.after(area);
      area.select();
    }
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

/** What went wrong, in words, with what to do; `retry` asks again. */
export function trouble(error, { retry, pick } = {}) {
  if (error.name === "AbortError") return h("span");
  const problem = error instanceof Problem ? error : new Problem({ title: t("page_failed"), detail: String(error.message ?? error) });
  const near = pick && problem.near.length
    ? h("p", { class: "near" }, t("did_you_mean"), " ", problem.near.map((word) =>
        h("button", { type: "button", class: "chip", onclick: () => pick(word) }, word))) : null;
  return h("div", { class: "trouble", role: "alert" },
    h("strong", {}, problem.title),
    h("p", {}, problem.detail),
    problem.errors.length ? h("ul", {}, problem.errors.map((one) => h("li", {}, `${one.pointer ?? ""} ${one.detail ?? ""}`.trim()))) : null,
    near,
    problem.hint ? h("p", {}, problem.hint) : null,
    retry ? h("button", { type: "button", class: "small", onclick: retry }, t("try_again")) : null,
    problem.request_id ? h("p", { class: "quiet tiny" }, `${t("request")} ${problem.request_id}`) : null);
}

/** Says that this service has no such route. */
export function notOffered(what) {
  return h("p", { class: "absent" }, t("not_offered", { what }));
}

/** Fills a place with what comes of a promise; meanwhile it is busy, afterwards perhaps in trouble. */
export async function into(place, work, options = {}) {
  place.setAttribute("aria-busy", "true");
  if (!place.childNodes.length) place.append(h("p", { class: "quiet waiting" }, t("waiting")));
  try {
    const made = await work();
    if (made !== undefined) place.replaceChildren(...[made].flat().filter(Boolean));
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(trouble(error, options));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

/** Text with some of its words marked; `classes` says how for each, by the word in lower case. */
export function marked(text, classes) {
  const words = [...classes.keys()].filter(Boolean).sort((a, b) => b.length - a.length);
  if (!words.length) return [text];
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const edge = (word) => (/^\p{Script=Han}/u.test(word) ? escapedOf(word) : `(?<![\\p{L}\\p{N}])${escapedOf(word)}(?![\\p{L}\\p{N}])`);
  const escapedOf = (word) => escaped[words.indexOf(word)];
  const pattern = new RegExp(words.map(edge).join("|"), "giu");
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    parts.push(text.slice(at, found.index));
    const kind = classes.get(found[0].toLowerCase());
    parts.push(kind ? h("mark", kind, found[0]) : found[0]);
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** A colour of the style sheet as the canvas wants it. */
export function colour(name) {
  const probe = h("span");
  probe.style.color = `var(--${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export const isHan = (text) => /\p{Script=Han}/u.test(text);
