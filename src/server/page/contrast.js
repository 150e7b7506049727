// The view Contrast: one query, and what each way of reading it finds.

import { get, of, post, takes, wordnet } from "./api.js";
import { copyCurl, h, heading, into, isHan, marked, notOffered, number, svg, trouble } from "./dom.js";
import { has, t } from "./texts.js";

const EXAMPLES = {
  latin: ["loan from the bank", "borrowing to become a house owner", "steep bank of a river", "bird on the shore", "ZR-318"],
  han: ["早上喝咖啡", "银行贷款利息", "苹果手机", "山上的杜鹃花", "河边散步"],
};
const SIZES = [5, 10, 20];
const MODES = ["keyword", "wordnet", "neighbours", "static", "contextual", "hybrid"];
/** Made of the others, so that what they find counts for nobody. */
const BLENDS = ["neighbours", "hybrid"];
/** Only documents that hold something answer; the others rank all there are. */
const HOLDING = ["keyword", "wordnet"];
/** Not beside the others unless asked for. */
const EXTRA = ["neighbours"];
/** Values of a field that are offered, and how many there may be for that. */
const [VALUES, FEW] = [16, 60];

export const modeName = (mode) => (has(`mode_${mode}`) ? t(`mode_${mode}`) : mode);

export async function show(context) {
  const { main, parameters } = context;
  const state = {
    query: parameters.get("query") ?? "", filter: parameters.get("filter") ?? "",
    k: SIZES.includes(Number(parameters.get("k"))) ? Number(parameters.get("k")) : 10,
    possible: await possible(context),
  };
  const asked = (parameters.get("modes") ?? "").split(",").filter((mode) => state.possible.includes(mode));
  state.modes = asked.length ? MODES.filter((mode) => asked.includes(mode)) : usual(state);
  const answers = h("div", { id: "answers" });
  main.replaceChildren(heading(t("contrast_title"), t("contrast_line"), 1), form(context, state), answers);
  if (state.query.trim()) await into(answers, () => contrast(context, state), { retry: () => show(context) });
  else answers.append(hello(context, state));
}

/** The ways in which this collection can be read: a model, or a WordNet, may not be there. */
async function possible({ collections, collection }) {
  const model = collections.find((one) => one.name === collection)?.model;
  const needs = { keyword: true, wordnet: Boolean(await wordnet()), contextual: Boolean(model?.context) };
  return MODES.filter((mode) => needs[mode] ?? Boolean(model));
}

const usual = ({ possible }) => possible.filter((mode) => !EXTRA.includes(mode));

function form(context, state) {
  const { query, filter, k } = state;
  const input = h("input", { type: "search", id: "query", name: "query", value: query, maxlength: 1000, autocomplete: "off", enterkeyhint: "search" });
  const size = h("select", { id: "k" }, SIZES.map((one) => h("option", { value: one, selected: one === k }, String(one))));
  const narrow = h("input", { type: "text", id: "filter", value: filter, maxlength: 500, autocomplete: "off", spellcheck: "false", placeholder: "topic = finance AND date > 2020" });
  const ways = MODES.map((mode) => h("input", { type: "checkbox", value: mode, checked: state.modes.includes(mode), disabled: !state.possible.includes(mode) }));
  const ask = () => {
    const modes = ways.filter((one) => one.checked).map((one) => one.value).join();
    context.go(context.address("contrast", { query: input.value.trim(), k: size.value === "10" ? null : size.value,
      modes: modes === usual(state).join() ? null : modes, filter: narrow.value.trim() }));
  };
  const again = () => input.value.trim() && ask();
  size.addEventListener("change", again);
  if (!query) requestAnimationFrame(() => input.focus({ preventScroll: true }));
  return h("form", { class: "ask", role: "search", onsubmit: (event) => {
    event.preventDefault();
    again();
  } },
    h("label", { class: "wide" }, t("query"), input),
    h("label", {}, t("hits_each"), size),
    h("button", { type: "submit", class: "primary" }, t("contrast_go")),
    h("fieldset", { class: "ways", onchange: again }, h("legend", { class: "visually-hidden" }, t("modes")), ways.map((one) =>
      h("label", { class: one.value, title: one.disabled ? t("mode_absent") : has(`era_${one.value}`) ? t(`era_${one.value}`) : null }, one, modeName(one.value)))),
    filterField(context, narrow, again));
}

/** Folded away until somebody wants it, and only then asked whether the service has it, and which fields there are. */
function filterField(context, input, again) {
  const body = h("div", { class: "filter" });
  const details = h("details", { class: "filter-details", open: Boolean(input.value) }, h("summary", {}, t("filter")), body);
  const fill = () => details.open && !body.childNodes.length && into(body, async () => {
    if (!(await takes("ContrastRequest", "filter"))) return notOffered(t("filter_what"));
    return [h("label", {}, t("filter_line"), input), await fieldValues(context, input, again)];
  });
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

/** What there is to filter by: each field with its most frequent values, to be chosen. */
async function fieldValues({ collection, signal }, input, again) {
  const { filterable_fields: fields } = await get(of(collection, "settings"), { signal });
  if (!fields.length) return h("p", { class: "absent" }, t("filter_none"));
  const names = fields.slice(0, 20).map((one) => one.name);
  const { facets } = await post(of(collection, "search"), { query: t("filter"), mode: "static", limit: 1, facets: names }, { signal });
  const choose = (name, value) => {
    const condition = `${quoted(name)} = ${quoted(value)}`;
    input.value = input.value.trim() ? `${input.value.trim()} AND ${condition}` : condition;
    input.focus();
    again();
  };
  // Where each document has a value of its own, there is nothing to choose from; a range says more.
  const few = (name) => facets?.[name]?.distinct <= FEW;
  const values = (name) => Object.entries(facets?.[name]?.values ?? {}).slice(0, VALUES);
  const range = ({ min, max } = {}) => (min === null || min === undefined ? null : `${min} – ${max}`);
  const told = [...names.filter(few), ...names.filter((name) => !few(name) && range(facets?.[name]))];
  return h("dl", { class: "facets" }, told.map((name) => h("div", {}, h("dt", {}, name), h("dd", {}, few(name)
    ? values(name).map(([value, count]) => h("button", { type: "button", class: "chip", onclick: () => choose(name, value) }, value, h("span", { class: "quiet tiny" }, ` ${number(count)}`)))
    : range(facets[name])))));
}

/** A name or a value as filters want it. */
const quoted = (text) => (/^[\w.]+$/.test(text) && !/^(AND|OR|NOT|IN|TO|EXISTS)$/i.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`);

function examples(context) {
  const known = isHan(context.collection) || /zh|cn|中/.test(context.collection) ? EXAMPLES.han : EXAMPLES.latin;
  return h("p", { class: "examples" }, h("span", { class: "quiet" }, t("examples")), known.map((one) =>
    h("a", { class: "chip", href: context.address("contrast", { query: one }) }, one)));
}

function hello(context, state) {
  return h("div", { class: "hello" }, examples(context),
    h("ul", { class: "eras" }, usual(state).map((mode) =>
      h("li", { class: mode }, h("strong", {}, modeName(mode)), h("span", {}, t(`era_${mode}`))))));
}

async function contrast(context, { query, k, filter, modes }) {
  const path = of(context.collection, "contrast");
  const body = { query, k, modes, ...(filter ? { filter } : {}) };
  const answer = await post(path, body, { signal: context.signal });
  const places = placesOf(answer);
  const columns = h("div", { class: "columns", tabindex: "0", role: "region", "aria-label": t("modes"), vars: { columns: answer.answers.length } });
  const drawn = { answer, places, columns, context };
  const lines = svg("svg", { class: "joins", "aria-hidden": "true" });
  columns.append(lines, ...answer.answers.map((one) => column(one, drawn)));
  const watch = new ResizeObserver(() => join(columns, lines, answer));
  watch.observe(columns);
  context.signal.addEventListener("abort", () => watch.disconnect());
  return [
    h("div", { class: "under-ask" }, summary(answer, places), h("div", { class: "tools" }, copyCurl("POST", path, body))),
    legend(answer), columns, agreement(answer)];
}

/** Where each document was found: `{mode, rank}` by id. */
function placesOf(answer) {
  const places = new Map();
  for (const { mode, hits } of answer.answers) for (const { id, rank } of hits) places.set(id, [...(places.get(id) ?? []), { mode, rank }]);
  return places;
}

const pure = (places) => places.filter(({ mode }) => !BLENDS.includes(mode));

/** Whether a mode alone has found it; blends of the others do not count beside it. */
function isAlone(mode, places) {
  const counted = BLENDS.includes(mode) ? places : pure(places);
  return counted.length === 1 && counted[0].mode === mode;
}

/** The columns in one line. */
function summary({ answers, k, missed_by_keywords: missed }, places) {
  const unheld = missed?.length ? ` ${t("missed", { words: missed.join(", ") })}` : "";
  if (answers.length < 2) return h("p", { class: "line summary" }, unheld);
  const all = [...places.values()];
  const counted = pure(answers).length;
  return h("p", { class: "line summary" }, t("contrast_summary", { modes: answers.length, k, n: all.length,
    all: all.filter((one) => pure(one).length === counted && counted > 1).length, alone: all.filter((one) => pure(one).length === 1).length }),
    answers.some(({ mode }) => BLENDS.includes(mode)) ? ` ${t("blend_line")}` : "", unheld);
}

function legend(answer) {
  const modes = answer.answers.map((one) => one.mode);
  return h("p", { class: "legend quiet" },
    h("span", {}, h("mark", { class: "exact" }, "abc"), ` ${t("legend_exact")}`),
    modes.includes("wordnet") ? h("span", {}, h("mark", { class: "linked" }, "abc"), ` ${t("legend_link")}`) : null,
    h("span", {}, h("mark", { class: "soft" }, "abc"), ` ${t("legend_soft")}`));
}

function column(one, drawn) {
  const found = one.hits.filter((hit) => isAlone(one.mode, drawn.places.get(hit.id))).length;
  const told = one.hits.length && drawn.answer.answers.length > 1 && !BLENDS.includes(one.mode);
  return h("section", { class: `column ${one.mode}`, "aria-label": modeName(one.mode) },
    h("header", {},
      h("h2", {}, modeName(one.mode)),
      h("span", { class: "quiet tiny" }, t("ms", { n: number(one.processing_time_ms, one.processing_time_ms < 10 ? 2 : 0) })),
      h("p", { class: "quiet" }, has(`era_${one.mode}`) ? t(`era_${one.mode}`) : ""),
      told ? h("p", { class: "tiny only" }, t("alone_of", { n: found, k: one.hits.length }),
        HOLDING.includes(one.mode) ? h("span", { class: "quiet" }, ` · ${t("answer_in_all", { n: number(one.total_hits) })}`) : null) : null,
      one.unknown_words?.length ? h("p", { class: "tiny warn" }, t("unknown_words", { words: one.unknown_words.join(", ") })) : null),
    one.hits.length ? h("ol", {}, one.hits.map((hit) => card(hit, one.mode, drawn))) : h("p", { class: "absent" }, one.empty_because ?? t("nothing_found")));
}

/** How each matched word of the document is marked. */
export function marks(matches) {
  const classes = new Map();
  for (const match of [...matches].reverse()) {
    const same = match.query_word === match.document_word || (match.bm25 && match.similarity > 0.999); // the word, or a form of it
    const kind = match.link ? "linked" : same ? "exact" : "soft";
    const title = kind === "exact" ? null : `${match.query_word} → ${match.document_word}${match.link ? ` (${match.link.relation})` : ""}, ${number(match.similarity, 2)}`;
    for (const word of match.document_word.toLowerCase().split(" ")) classes.set(word, { class: kind, title });
  }
  return classes;
}

function card(hit, mode, drawn) {
  const title = hit.title ?? hit.id;
  const places = drawn.places.get(hit.id);
  const only = drawn.answer.answers.length > 1 && isAlone(mode, places);
  const lit = (on) => () => light(drawn.columns, hit.id, on);
  return h("li", { class: "card", "data-id": hit.id, onmouseenter: lit(true), onmouseleave: lit(false), onfocusin: lit(true), onfocusout: lit(false) },
    h("h3", {}, h("span", { class: "rank", "aria-hidden": "true" }, String(hit.rank)),
      h("button", { type: "button", class: "title", "aria-haspopup": "dialog", onclick: () => explain(hit.id, mode, drawn) },
        h("span", { class: "visually-hidden" }, `${hit.rank}. `), title)),
    h("p", { class: "snippet" }, marked(hit.snippet, marks(hit.matches))),
    h("p", { class: "through tiny" }, hit.matches.slice(0, 3).map(pair)),
    only ? h("p", { class: "tiny" }, h("span", { class: "only-badge" }, t("alone"))) : null,
    drawn.answer.answers.length > 1 ? ranks(mode, places, drawn.answer) : null);
}

/** The document's rank in every column, in their order; a dash where it is not among the hits. */
function ranks(mode, places, { answers, k }) {
  return h("ul", { class: "ranks tiny" }, answers.map((one) => {
    const rank = places.find((other) => other.mode === one.mode)?.rank;
    const told = rank ? `${modeName(one.mode)} ${rank}` : t("not_among", { mode: modeName(one.mode), k });
    return h("li", { class: `${one.mode}${rank ? "" : " none"}${one.mode === mode ? " here" : ""}`, title: told },
      h("span", { "aria-hidden": "true" }, rank ? String(rank) : "–"), h("span", { class: "visually-hidden" }, told));
  }));
}

/** `loan → mortgage`, or the word alone. */
function pair(match) {
  const same = match.query_word === match.document_word;
  return h("span", { class: "pair", title: match.link ? `${match.link.relation}: ${match.link.sense}` : null },
    same ? match.document_word : `${match.query_word} → ${match.document_word}`.trim());
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
