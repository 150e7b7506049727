// The shell: which view, in which collection, in which language; every state has an address.

import { get, key, wordnet } from "./api.js";
import { h, svg, trouble } from "./dom.js";
import { language, setLanguage, t } from "./texts.js";

const VIEWS = ["contrast", "word", "sense", "collections"];
const top = document.querySelector("#top");
const main = document.querySelector("#main");

let collections = [];
let leave = new AbortController();
let shown = "";

const stored = (name) => {
  try {
    return localStorage.getItem(`sememe-${name}`);
  } catch {
    return null;
  }
};
const store = (name, value) => {
  try {
    localStorage.setItem(`sememe-${name}`, value);
  } catch {
    // Without storage, settings last as long as the page.
  }
};

const parameters = () => new URLSearchParams(location.search);
const view = () => (VIEWS.includes(parameters().get("view")) ? parameters().get("view") : "contrast");

function collection() {
  const asked = parameters().get("collection") ?? stored("collection");
  return collections.some((one) => one.name === asked) ? asked : (collections.find((one) => one.model) ?? collections[0])?.name;
}

/** An address of this page; what is empty is left out. */
function address(name, more = {}) {
  const all = { view: name, collection: collection(), ...more };
  const kept = Object.entries(all).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return `/?${new URLSearchParams(kept)}`;
}

/** Goes to an address; `replace` keeps the history as it is and the view as it stands. */
function go(to, { replace = false } = {}) {
  if (replace) {
    history.replaceState(null, "", to);
    drawTop();
  } else {
    history.pushState(null, "", to);
    show();
  }
}

/** A click that a browser would not open elsewhere goes on within the page. */
function followed(event) {
  const link = event.target.closest?.("a[href^='/?']");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  link.closest("dialog")?.close();
  go(link.getAttribute("href"));
}

function themeButton() {
  const order = ["auto", "light", "dark"];
  const now = stored("theme") ?? "auto";
  const next = order[(order.indexOf(now) + 1) % order.length];
  const title = t("theme_is", { now: t(`theme_${now}`) });
  return h("button", { type: "button", class: "ghost icon", title, "aria-label": title, id: "theme", onclick: () => {
    store("theme", next);
    applyTheme();
    drawTop();
    document.querySelector("#theme").focus();
    document.dispatchEvent(new CustomEvent("sememe:theme"));
  } }, { auto: "◐", light: "☀", dark: "☾" }[now]);
}

function applyTheme() {
  const theme = stored("theme") ?? "auto";
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
}

function languageButton() {
  const other = language() === "en" ? "zh" : "en";
  return h("button", { type: "button", class: "ghost", lang: other, onclick: () => {
    store("language", other);
    setLanguage(other);
    show();
  } }, other === "zh" ? "中文" : "English");
}

function keyButton() {
  return h("button", { type: "button", class: "ghost icon", title: t("key_title"), "aria-label": t("key_title"), onclick: askKey },
    svg("svg", { class: key.get() ? "key-icon has" : "key-icon", viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true" },
      svg("circle", { cx: 8, cy: 15, r: 4.5 }), svg("path", { d: "M11.2 11.8 20 3M16 7l3.5 3.5M13.2 9.8l2.3 2.3" })));
}

/** The dialog of the API key. It stays in this tab. */
function askKey() {
  if (document.querySelector("#key-dialog")) return;
  const input = h("input", { type: "password", id: "key", autocomplete: "off", value: key.get(), spellcheck: "false" });
  const dialog = h("dialog", { id: "key-dialog", class: "small-dialog", "aria-labelledby": "key-heading" },
    h("form", { method: "dialog", onsubmit: () => {
      key.set(input.value.trim());
      start();
    } },
      h("h2", { id: "key-heading" }, t("key_title")),
      h("p", { class: "line" }, t("key_line")),
      h("label", {}, t("key_label"), input),
      h("p", { class: "row" }, h("button", { type: "submit", class: "primary" }, t("key_use")),
        h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function drawTop() {
  const now = view();
  const picker = h("select", { id: "collection", onchange: (event) => {
    store("collection", event.target.value);
    const kept = view() === "collections" ? {} : Object.fromEntries([...parameters()].filter(([name]) => !["view", "collection", "query", "word", "a", "b", "c", "text", "other", "at", "in"].includes(name)));
    go(address(now, { ...kept, collection: event.target.value }));
  } }, collections.map((one) => h("option", { value: one.name, selected: one.name === collection() }, one.name)));
  top.replaceChildren(
    h("a", { class: "wordmark", href: address("contrast") }, "sememe"),
    h("nav", { "aria-label": t("views") }, VIEWS.map((name) =>
      h("a", { href: address(name), "aria-current": name === now ? "page" : null }, t(`view_${name}`)))),
    h("div", { class: "settings" },
      collections.length ? h("label", { class: "picker" }, h("span", { class: "visually-hidden" }, t("collection")), picker) : null,
      languageButton(), themeButton(), keyButton()));
  document.querySelector("#skip").textContent = t("skip");
  document.querySelector("#foot").replaceChildren(h("p", {}, t("footer")),
    h("p", {}, h("a", { href: "/openapi.json" }, "openapi.json")));
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const signal = leave.signal;
  const name = view();
  document.title = `${t(`view_${name}`)} · sememe`;
  drawTop();
  const moved = shown && shown !== name;
  shown = name;
  main.className = `view-${name}`;
  main.setAttribute("aria-busy", "true");
  try {
    const module = await import(`./${name}.js`);
    if (signal.aborted) return;
    const context = { main, parameters: parameters(), collections, collection: collection(), signal, address, go, renew };
    if (!collections.length && name !== "collections") main.replaceChildren(empty());
    else await module.show(context);
    if (moved && !signal.aborted) main.focus({ preventScroll: true });
  } catch (error) {
    if (!signal.aborted) main.replaceChildren(trouble(error, { retry: start }));
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

/** Asks for the collections again; the view stays as it is. */
async function renew() {
  collections = (await get("/v1/collections")).results;
  drawTop();
  return collections;
}

function empty() {
  return h("div", { class: "hello" }, h("h1", {}, t("empty_title")), h("p", {}, t("empty_line")),
    h("pre", {}, "sememe ingest notes path/to/folder\nsememe train notes"),
    h("p", {}, h("a", { href: "/?view=collections" }, t("view_collections"))));
}

async function start() {
  const asked = parameters().get("lang") ?? stored("language") ?? navigator.language;
  setLanguage(asked.startsWith("zh") ? "zh" : "en");
  applyTheme();
  wordnet().catch(() => {}); // the view Contrast wants to know; asked for beside the collections, it costs no time
  try {
    collections = (await get("/v1/collections")).results;
    await show();
  } catch (error) {
    drawTop();
    main.replaceChildren(trouble(error, { retry: start }));
  }
}

document.addEventListener("click", followed);
document.addEventListener("sememe:key-wanted", askKey);
addEventListener("popstate", show);
document.querySelector("#skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
start();
