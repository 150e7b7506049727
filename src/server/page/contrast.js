// The view Contrast: one query, and what each way of reading it finds.

import { of, post, takes } from "./api.js";
import { copyCurl, h, heading, into, isHan, marked, notOffered, number, svg, trouble } from "./dom.js";
import { has, t } from "./texts.js";

const EXAMPLES = {
  latin: ["loan from the bank", "borrowing to become a house owner", "steep bank of a river", "bird on the shore", "ZR-318"],
  han: ["早上喝咖啡", "银行贷款利息", "苹果手机", "山上的杜鹃花", "河边散步"],
};
const SIZES = [5, 10, 20];

export const modeName = (mode) => (has(`mode_${mode}`) ? t(`mode_${mode}`) : mode);

export async function show(context) {
  const { main, parameters } = context;
  const query = parameters.get("query") ?? "";
  const filter = parameters.get("filter") ?? "";
  const k = SIZES.includes(Number(parameters.get("k"))) ? Number(parameters.get("k")) : 10;
  const answers = h("div", { id: "answers" });
  main.replaceChildren(heading(t("contrast_title"), t("contrast_line"), 1), form(context, query, k, filter), answers);
  if (query.trim()) await into(answers, () => contrast(context, query, k, filter), { retry: () => show(context) });
  else answers.append(hello(context));
}

function form(context, query, k, filter) {
  const input = h("input", { type: "search", id: "query", name: "query", value: query, maxlength: 1000, autocomplete: "off", enterkeyhint: "search" });
  const size = h("select", { id: "k" }, SIZES.map((one) => h("option", { value: one, selected: one === k }, String(one))));
  const narrow = h("input", { type: "text", id: "filter", value: filter, maxlength: 500, autocomplete: "off", spellcheck: "false", placeholder: "topic = finance AND date > 2020" });
  const ask = () => context.go(context.address("contrast", { query: input.value.trim(), k: size.value === "10" ? null : size.value, filter: narrow.value.trim() }));
  size.addEventListener("change", () => input.value.trim() && ask());
  if (!query) requestAnimationFrame(() => input.focus({ preventScroll: true }));
  return h("form", { class: "ask", role: "search", onsubmit: (event) => {
    event.preventDefault();
    if (input.value.trim()) ask();
  } },
    h("label", { class: "wide" }, t("query"), input),
    h("label", {}, t("hits_each"), size),
    h("button", { type: "submit", class: "primary" }, t("contrast_go")), filterField(narrow, Boolean(filter)));
}

/** Folded away until somebody wants it, and only then asked whether the service has it. */
function filterField(input, open) {
  const body = h("div", { class: "filter" });
  const details = h("details", { class: "filter-details", open }, h("summary", {}, t("filter")), body);
  const fill = () => details.open && !body.childNodes.length && into(body, async () =>
    ((await takes("ContrastRequest", "filter")) ? h("label", {}, t("filter_line"), input) : notOffered(t("filter_what"))));
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

function examples(context) {
  const known = isHan(context.collection) || /zh|cn|中/.test(context.collection) ? EXAMPLES.han : EXAMPLES.latin;
  return h("p", { class: "examples" }, h("span", { class: "quiet" }, t("examples")), known.map((one) =>
    h("a", { class: "chip", href: context.address("contrast", { query: one }) }, one)));
}

function hello(context) {
  return h("div", { class: "hello" }, examples(context),
    h("ul", { class: "eras" }, ["keyword", "wordnet", "static", "contextual"].map((mode) =>
      h("li", { class: mode }, h("strong", {}, modeName(mode)), h("span", {}, t(`era_${mode}`))))));
}

async function contrast(context, query, k, filter) {
  const path = of(context.collection, "contrast");
  const body = { query, k, ...(filter ? { filter } : {}) };
  const answer = await post(path, body, { signal: context.signal });
  const alone = new Set(answer.found_alone.map((found) => `${found.mode} ${found.id}`));
  const columns = h("div", { class: "columns", vars: { columns: answer.answers.length } });
  const drawn = { answer, alone, columns, context };
  const lines = svg("svg", { class: "joins", "aria-hidden": "true" });
  columns.append(lines, ...answer.answers.map((one) => column(one, drawn)));
  const watch = new ResizeObserver(() => join(columns, lines, answer));
  watch.observe(columns);
  context.signal.addEventListener("abort", () => watch.disconnect());
  return [
    h("div", { class: "under-ask" }, legend(answer), copyCurl("POST", path, body)),
    columns, agreement(answer)];
}

function legend(answer) {
  const modes = answer.answers.map((one) => one.mode);
  return h("p", { class: "legend quiet" },
    h("span", {}, h("mark", { class: "exact" }, "abc"), ` ${t("legend_exact")}`),
    modes.includes("wordnet") ? h("span", {}, h("mark", { class: "linked" }, "abc"), ` ${t("legend_link")}`) : null,
    h("span", {}, h("mark", { class: "soft" }, "abc"), ` ${t("legend_soft")}`));
}

function column(one, drawn) {
  const found = one.hits.filter((hit) => drawn.alone.has(`${one.mode} ${hit.id}`)).length;
  return h("section", { class: `column ${one.mode}`, "aria-label": modeName(one.mode) },
    h("header", {},
      h("h2", {}, modeName(one.mode)),
      h("span", { class: "quiet tiny" }, t("ms", { n: number(one.processing_time_ms, 1) })),
      h("p", { class: "quiet" }, has(`era_${one.mode}`) ? t(`era_${one.mode}`) : ""),
      one.hits.length && drawn.answer.answers.length > 1 ? h("p", { class: "tiny only" }, t("alone_of", { n: found, k: one.hits.length })) : null,
      one.unknown_words?.length ? h("p", { class: "tiny warn" }, t("unknown_words", { words: one.unknown_words.join(", ") })) : null),
    one.hits.length ? h("ol", {}, one.hits.map((hit) => card(hit, one.mode, drawn))) : h("p", { class: "absent" }, one.empty_because ?? t("nothing_found")));
}

/** How each matched word of the document is marked. */
export function marks(matches) {
  const classes = new Map();
  for (const match of [...matches].reverse()) {
    const kind = match.link ? "linked" : match.query_word === match.document_word ? "exact" : "soft";
    const title = kind === "exact" ? null : `${match.query_word} → ${match.document_word}${match.link ? ` (${match.link.relation})` : ""}, ${number(match.similarity, 2)}`;
    for (const word of match.document_word.toLowerCase().split(" ")) classes.set(word, { class: kind, title });
  }
  return classes;
}

function card(hit, mode, drawn) {
  const title = hit.title ?? hit.id;
  const others = drawn.answer.answers.filter((one) => one.mode !== mode)
    .map((one) => ({ mode: one.mode, rank: one.hits.find((other) => other.id === hit.id)?.rank })).filter((one) => one.rank);
  const only = drawn.alone.has(`${mode} ${hit.id}`) && drawn.answer.answers.length > 1;
  const lit = (on) => () => light(drawn.columns, hit.id, on);
  return h("li", { class: "card", "data-id": hit.id, onmouseenter: lit(true), onmouseleave: lit(false), onfocusin: lit(true), onfocusout: lit(false) },
    h("h3", {}, h("span", { class: "rank", "aria-hidden": "true" }, String(hit.rank)),
      h("button", { type: "button", class: "title", "aria-haspopup": "dialog", onclick: () => explain(hit.id, mode, drawn) },
        h("span", { class: "visually-hidden" }, `${hit.rank}. `), title)),
    h("p", { class: "snippet" }, marked(hit.snippet, marks(hit.matches))),
    h("p", { class: "through tiny" }, hit.matches.slice(0, 3).map(pair)),
    only ? h("p", { class: "tiny only-badge" }, t("alone"))
      : others.length ? h("p", { class: "tiny also" }, h("span", { class: "quiet" }, t("also_in")), others.map((one) =>
          h("span", { class: `pill ${one.mode}` }, `${modeName(one.mode)} ${one.rank}`))) : null);
}

/** `loan → mortgage`, or the word alone. */
function pair(match) {
  const same = match.query_word === match.document_word;
  return h("span", { class: "pair", title: match.link ? `${match.link.relation}: ${match.link.sense}` : null },
    same ? match.document_word : `${match.query_word} → ${match.document_word}`);
}

function light(columns, id, on) {
  for (const one of columns.querySelectorAll("[data-id]")) one.classList.toggle("lit", on && one.dataset.id === id);
  columns.classList.toggle("lighting", on);
}

async function explain(id, mode, drawn) {
  try {
    const { open } = await import("./explain.js");
    await open(drawn.context, drawn.answer, id, mode);
  } catch (error) {
    drawn.columns.before(trouble(error));
  }
}

/** Lines from each document to itself in the next column that has it. */
function join(columns, lines, answer) {
  const box = columns.getBoundingClientRect();
  lines.setAttribute("width", columns.scrollWidth);
  lines.setAttribute("height", columns.scrollHeight);
  const place = new Map();
  for (const card of columns.querySelectorAll(".card")) {
    const at = card.getBoundingClientRect();
    const mode = card.closest(".column").classList[1];
    place.set(`${mode} ${card.dataset.id}`, { left: at.left - box.left + columns.scrollLeft, right: at.right - box.left + columns.scrollLeft, y: at.top - box.top + 22 });
  }
  const paths = [];
  answer.answers.forEach((one, i) => one.hits.forEach((hit) => {
    const next = answer.answers.slice(i + 1).find((other) => place.has(`${other.mode} ${hit.id}`));
    const [a, b] = [place.get(`${one.mode} ${hit.id}`), next && place.get(`${next.mode} ${hit.id}`)];
    if (!a || !b || b.left <= a.right) return;
    const middle = (b.left - a.right) / 2;
    paths.push(svg("path", { "data-id": hit.id, d: `M${a.right},${a.y} C${a.right + middle},${a.y} ${b.left - middle},${b.y} ${b.left},${b.y}` }));
  }));
  lines.replaceChildren(...paths);
}

/** Overlap figures as a triangle of pairs. */
function agreement({ agreement: pairs, answers, k }) {
  if (!pairs.length) return null;
  const modes = answers.map((one) => one.mode);
  const found = (a, b) => pairs.find((one) => (one.a === a && one.b === b) || (one.a === b && one.b === a));
  const cell = (a, b) => {
    const one = found(a, b);
    if (!one) return h("td", { class: "none" }, "");
    const overlap = one.overlap ?? null;
    return h("td", { vars: { heat: (overlap ?? 0) * 0.8 }, class: "pairing" }, h("strong", {}, number(overlap, 2)), h("span", {}, number(one.rank_biased_overlap, 2)));
  };
  return h("section", { class: "panel agreement" }, heading(t("agreement"), t("agreement_line", { k })),
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("agreement") }, h("table", { class: "heat pairs" },
      h("thead", {}, h("tr", {}, h("td", {}), modes.slice(1).map((mode) => h("th", { scope: "col", class: mode }, modeName(mode))))),
      h("tbody", {}, modes.slice(0, -1).map((row, i) => h("tr", {}, h("th", { scope: "row", class: row }, modeName(row)),
        modes.slice(1).map((column, j) => (j < i ? h("td", { class: "none" }) : cell(row, column)))))))));
}
