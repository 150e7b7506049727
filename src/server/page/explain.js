// Why a document was found: the parts of its score, query words against document words, the way through WordNet, the text.

import { get, of, post } from "./api.js";
import { bars, heat, layers } from "./charts.js";
import { marks, modeName } from "./contrast.js";
import { copyCurl, h, heading, into, marked, number } from "./dom.js";
import { has, t } from "./texts.js";

/** Document words that a matrix shows, and those that are compared to choose them. */
const [SHOWN, COMPARED] = [14, 90];
/** Characters of a document whose words are read in their sentences. */
const ENCODED = 1500;

/** Opens the explanation of a document of an answered contrast. */
export async function open(context, answer, id, mode) {
  const dialog = h("dialog", { class: "explanation", "aria-labelledby": "explanation-heading" });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  context.signal.addEventListener("abort", () => dialog.close());
  document.body.append(dialog);
  draw(dialog, context, answer, id, mode);
  dialog.showModal();
}

function draw(dialog, context, answer, id, mode) {
  const hits = answer.answers.map((one) => ({ mode: one.mode, hit: one.hits.find((hit) => hit.id === id) }));
  const { hit } = hits.find((one) => one.mode === mode);
  const words = answer.answers.find((one) => one.mode === mode).words ?? [];
  const [matrix, text] = [h("div"), h("div", { class: "full-text" })];
  dialog.replaceChildren(...[
    h("div", { class: "dialog-head" },
      h("div", {}, h("p", { class: "line" }, t("why")), h("h2", { id: "explanation-heading" }, hit.title ?? hit.id)),
      h("button", { type: "button", class: "ghost icon", "aria-label": t("close"), onclick: () => dialog.close() }, "✕")),
    tabs(dialog, context, answer, id, mode, hits),
    scoreParts(hit, mode),
    parts(hit, mode),
    terms(hit),
    graph(hit),
    h("section", {}, heading(t("heat"), t(mode === "contextual" ? "heat_contextual" : "heat_line"), 3), matrix),
    h("section", {}, h("div", { class: "panel-head" }, heading(t("full_text"), null, 3), copyCurl("GET", of(context.collection, "documents", id))), fields(hit), text),
  ].filter(Boolean));
  const document = get(of(context.collection, "documents", id), { signal: context.signal });
  into(text, async () => (await document).text.split(/\n+/).map((line) => h("p", {}, marked(line, marks(hit.matches)))));
  into(matrix, async () => (mode === "contextual" ? inSentences(context, answer.query, words, await document) : compared(context, words, await document, hit)));
}

function tabs(dialog, context, answer, id, mode, hits) {
  return h("div", { class: "tabs", role: "group", "aria-label": t("modes") }, hits.map((one) => one.hit
    ? h("button", { type: "button", class: one.mode, "aria-pressed": String(one.mode === mode), onclick: () => {
        draw(dialog, context, answer, id, one.mode);
        dialog.querySelector("[aria-pressed=true]").focus();
      } }, t("rank_in", { mode: modeName(one.mode), rank: one.hit.rank, score: number(one.hit.score, 3) }))
    : h("span", { class: "absent-tab" }, t("not_among", { mode: modeName(one.mode), k: answer.k }))));
}

/** What each part of a fused score comes to. */
function scoreParts(hit, mode) {
  if (!hit.parts?.length) return null;
  return h("section", {}, heading(t("score_parts", { score: number(hit.score, 3) }), null, 3),
    bars(hit.parts.map(({ part, score }) => ({ label: t(`part_${part}`), value: score, mode })), { digits: 3, list: "ul" }));
}

function parts(hit, mode) {
  if (!hit.matches.length) return null;
  const rows = hit.matches.map((match) => ({
    label: pair(match), value: match.share, mode,
    note: [match.part ? t(`part_${match.part}`) : "", match.link ? `${relation(match.link)}, ${match.link.sense}` : match.similarity < 0.999 ? `cos ${number(match.similarity, 2)}` : ""].filter(Boolean).join(" · "),
  }));
  if (Math.abs(hit.rest) >= 0.005) rows.push({ label: t("other_words"), value: hit.rest, mode, note: hit.rest < 0 ? t("against") : "" });
  return h("section", {}, heading(t("parts"), has(`parts_${mode}`) ? t(`parts_${mode}`) : null, 3), bars(rows, { max: Math.max(...rows.map((row) => row.value)) }));
}

const pair = ({ query_word, document_word }) => (query_word === document_word ? document_word : `${query_word || t("from_answers")} → ${document_word}`);

/** The figures of BM25 for each word of the document that answered as a hard token. */
function terms(hit) {
  const rows = hit.matches.filter((match) => match.bm25);
  if (!rows.length) return null;
  const linked = rows.some((match) => match.link);
  const figures = [["tf", 2], ["idf", 2], ["length", 0], ["mean_length", 1], ["score", 3]];
  return h("section", {}, heading(t("bm25"), t("bm25_line"), 3),
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("bm25") }, h("table", { class: "figures" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("word")), figures.map(([name]) => h("th", { scope: "col" }, t(`bm25_${name}`))), linked ? h("th", { scope: "col" }, t("weight")) : null)),
      h("tbody", {}, rows.map((match) => h("tr", {}, h("th", { scope: "row" }, pair(match)),
        figures.map(([name, digits]) => h("td", {}, number(match.bm25[name], Number.isInteger(match.bm25[name]) ? 0 : digits))),
        linked ? h("td", {}, match.link ? `× ${number(match.similarity, 2)}` : "") : null))))));
}

const relation = (link) => (has(`relation_${link.relation}`) ? t(`relation_${link.relation}`) : link.relation);

/** Query word → sense → document word, of what WordNet joined. */
function graph(hit) {
  const linked = hit.matches.filter((match) => match.link);
  if (!linked.length) return null;
  const [from, through, to] = [new Map(), new Map(), new Map()];
  const edges = new Map();
  for (const { query_word, document_word, link } of linked) {
    from.set(query_word, { id: `q ${query_word}`, text: query_word, kind: "asked" });
    through.set(link.sense, { id: `s ${link.sense}`, text: link.sense, kind: "sense" });
    to.set(document_word, { id: `d ${document_word}`, text: document_word, note: link.synset === link.sense ? "" : link.synset });
    edges.set(`${query_word} ${link.sense}`, { from: `q ${query_word}`, to: `s ${link.sense}` });
    edges.set(`${link.sense} ${document_word}`, { from: `s ${link.sense}`, to: `d ${document_word}`, text: relation(link) });
  }
  return h("section", {}, heading(t("graph"), t("graph_line"), 3),
    layers([[...from.values()], [...through.values()], [...to.values()]], [...edges.values()], t("graph")));
}

function fields(hit) {
  const entries = Object.entries(hit.fields ?? {});
  if (!entries.length) return null;
  return h("dl", { class: "fields tiny" }, entries.map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, typeof value === "string" ? value : JSON.stringify(value)))));
}

/** The matrix: each query word with the words of the document that come nearest to one of them. */
async function compared(context, words, document, hit) {
  const signal = context.signal;
  const text = [document.title, document.text].filter(Boolean).join("\n").slice(0, 6000);
  const [asked, there] = await Promise.all([words.join(" "), text].map((one) => post(of(context.collection, "analyze"), { text: one }, { signal })));
  const known = (tokens) => [...new Map(tokens.filter((token) => token.count).map((token) => [token.text, token])).values()];
  const total = context.collections.find((one) => one.name === context.collection)?.documents ?? Infinity;
  const telling = (tokens) => tokens.filter((token) => token.documents < total / 3); // not: the, of, 的
  const rows = (telling(known(asked.tokens)).length ? telling(known(asked.tokens)) : known(asked.tokens)).map((token) => token.text);
  if (!rows.length) return h("p", { class: "absent" }, t("no_known"));
  const wanted = new Set(hit.matches.flatMap((match) => match.document_word.split(" ")));
  const rare = telling(known(there.tokens)).sort((a, b) => wanted.has(b.text) - wanted.has(a.text) || a.documents - b.documents);
  const columns = rare.slice(0, COMPARED).map((token) => token.text).filter((word) => !rows.includes(word));
  const exact = known(there.tokens).map((token) => token.text).filter((word) => rows.includes(word));
  const all = [...rows, ...columns];
  const { matrix } = all.length > 1 ? await post(of(context.collection, "similarity"), { words: all }, { signal }) : { matrix: [[1]] };
  const best = (word) => Math.max(...rows.map((_, i) => matrix[i][all.indexOf(word)]));
  const chosen = [...exact, ...columns.sort((a, b) => best(b) - best(a)).slice(0, SHOWN - exact.length)];
  return heat({ rows, columns: chosen, caption: t("heat"), value: (i, j) => matrix[i][all.indexOf(chosen[j])] });
}

/** The matrix of mode contextual: words as they stand in query and document, each of the document's with the place where it stands. */
async function inSentences(context, query, words, document) {
  const text = [document.title, document.text].filter(Boolean).join("\n").slice(0, ENCODED);
  const encode = (one) => post(of(context.collection, "encode"), { text: one, vectors: true, k: 1 }, { signal: context.signal });
  const [asked, there] = await Promise.all([encode(query), encode(text)]);
  const total = context.collections.find((one) => one.name === context.collection)?.documents ?? Infinity;
  const counted = await post(of(context.collection, "analyze"), { text: `${query}\n${text}` }, { signal: context.signal });
  const frequent = new Set(counted.tokens.filter((token) => token.documents >= total / 3).map((token) => token.text));
  const rows = asked.tokens.filter((token) => token.contextual && words.includes(token.text) && !frequent.has(token.text));
  if (!rows.length) return h("p", { class: "absent" }, t("no_known"));
  const cosines = there.tokens.filter((token) => token.contextual && !frequent.has(token.text))
    .map((token) => ({ token, near: rows.map((row) => cosine(row.contextual, token.contextual)) }));
  const columns = cosines.sort((a, b) => Math.max(...b.near) - Math.max(...a.near)).slice(0, SHOWN).sort((a, b) => a.token.start - b.token.start);
  return heat({ rows: rows.map((row) => row.text), columns: columns.map(({ token }) => token.text), caption: t("heat"), value: (i, j) => columns[j].near[i] });
}

function cosine(a, b) {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) [dot, aa, bb] = [dot + a[i] * b[i], aa + a[i] ** 2, bb + b[i] ** 2];
  return dot / Math.max(1e-9, Math.sqrt(aa * bb));
}
