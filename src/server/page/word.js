// The view Word: what the collection's text and WordNet know of a word.

import { get, of, offers, post } from "./api.js";
import { bars } from "./charts.js";
import { copyCurl, h, heading, into, isHan, notOffered, number, panel, percent } from "./dom.js";
import { wordMap } from "./map.js";
import { t } from "./texts.js";

const SIZES = [30, 100, 300, 500];

/** Senses of the dictionary that are shown at once. */
const FIRST = 6;
const CLUSTERS = ["soft", "hard", "link", "context", "mix"];

export async function show(context) {
  const { main, parameters, collections, collection } = context;
  const han = /zh|cn|中/.test(collection) || isHan(collection);
  const word = (parameters.get("word") ?? "").trim() || (han ? "银行" : "bank");
  const model = collections.find((one) => one.name === collection)?.model;
  const place = h("div", { class: "word-view" });
  main.replaceChildren(heading(t("word_title"), t("word_line"), 1), form(context, word), place);
  if (!model) return place.append(notOffered(t("untrained")));
  const pick = (other) => context.go(context.address("word", { word: other, k: parameters.get("k") }));
  await into(place, () => word_view(context, word, pick), { pick });
}

function form(context, word) {
  const input = h("input", { type: "search", id: "word", value: word, maxlength: 200, autocomplete: "off", spellcheck: "false" });
  return h("form", { class: "ask", role: "search", onsubmit: (event) => {
    event.preventDefault();
    context.go(context.address("word", { word: input.value.trim() }));
  } }, h("label", { class: "wide" }, t("word"), input), h("button", { type: "submit", class: "primary" }, t("look")),
    h("p", { class: "examples" }, h("span", { class: "quiet" }, t("examples")), (isHan(word) ? ["银行", "苹果", "杜鹃", "咖啡", "河"] : ["bank", "apple", "crane", "spring", "mouse", "bass"]).map((one) =>
      h("a", { class: "chip", href: context.address("word", { word: one }) }, one))));
}

async function word_view(context, asked, pick) {
  const path = of(context.collection, "words", asked, "similar") + "?k=30";
  const [info, similar] = await Promise.all([
    get(of(context.collection, "words", asked), { signal: context.signal }).catch((error) => (error.code === "word_not_found" ? null : Promise.reject(error))),
    get(path, { signal: context.signal })]);
  const word = similar.word;
  const [map, collocates, wordnet, induced] = [h("div"), h("div"), h("div"), h("div")];
  const senses = sensesOf(context, word);
  senses.catch(() => {}); // told where they are shown
  into(map, () => neighbourhood(context, word, pick, senses), { pick });
  into(collocates, () => beside(context, word, pick));
  into(wordnet, () => dictionary(context, word));
  into(induced, () => found(context, word, senses));
  return [
    h("div", { class: "headword" }, h("h2", { lang: isHan(word) ? "zh" : null }, word),
      h("p", { class: "quiet" }, info ? t("word_facts", { count: number(info.count), documents: number(info.documents) }) : t("from_subwords"))),
    h("div", { class: "split" }, map,
      panel(t("neighbours"), t("neighbours_line"), { tools: [copyCurl("GET", path)] },
        bars(similar.similar.slice(0, 20).map((one) => ({ label: link(context, one.word), value: one.similarity, mode: "static" })), { max: 1 }))),
    h("div", { class: "thirds" }, collocates, wordnet, induced),
    analogy(context, word, pick)];
}

const link = (context, word) => h("a", { href: context.address("word", { word }) }, word);

async function neighbourhood(context, word, pick, senses) {
  if (!(await offers("POST", "/v1/collections/{collection}/map"))) return panel(t("map"), null, {}, notOffered(t("map")));
  const asked = Number(context.parameters.get("k"));
  const k = SIZES.includes(asked) ? asked : 100;
  const path = of(context.collection, "map");
  const clusters = (await senses.catch(() => null))?.senses ?? [];
  const labelled = clusters.filter((one) => one.label.length); // a rare sense may have no word of its own
  const several = labelled.length > 1 ? labelled : [];
  const body = { words: [word], k, ...(several.length ? { sums: several.map((one) => one.label.slice(0, 8).map((other) => ({ word: other }))) } : {}) };
  const map = await post(path, body, { signal: context.signal });
  paint(map.points, several);
  const size = h("select", { "aria-label": t("points"), onchange: (event) => context.go(context.address("word", { word, k: event.target.value })) },
    SIZES.map((one) => h("option", { value: one, selected: one === k }, String(one))));
  return panel(t("map"), t("map_line", { kept: percent(map.kept[0] + map.kept[1]) }), { tools: [size, copyCurl("POST", path, body)], name: "map-panel" },
    wordMap({ points: map.points, label: t("map_label", { n: map.points.length, word }), pick: (point) => point.word && pick(point.word), signal: context.signal }),
    h("p", { class: "quiet tiny" }, t("map_help")));
}

async function beside(context, word, pick) {
  const path = of(context.collection, "words", word, "collocates") + "?k=15";
  const answer = await get(path, { signal: context.signal });
  return panel(t("collocates"), t("collocates_line"), { tools: [copyCurl("GET", path)] },
    answer.collocates.length ? bars(answer.collocates.map((one) => ({
      label: link(context, one.word), value: one.log_likelihood, mode: "keyword",
      note: t("together", { n: number(one.together), expected: number(one.expected, 1) }) })), { digits: 1 })
      : h("p", { class: "absent" }, t("nothing_found")));
}

/** The language in which a word is looked up: Chinese only where it has been added. */
export async function dictionaryLanguage(word, signal) {
  if (!isHan(word)) return "eng";
  const { languages } = await get("/v1/wordnet", { signal });
  return languages.includes("cmn") ? "cmn" : "eng";
}

async function dictionary(context, word) {
  const signal = context.signal;
  const lang = await dictionaryLanguage(word, signal);
  const path = `/v1/wordnet/words/${encodeURIComponent(word)}?lang=${lang}`;
  const answer = await get(path, { signal });
  return panel(t("wordnet"), t("wordnet_line"), { tools: [copyCurl("GET", path)] },
    h("ol", { class: "senses" }, answer.synsets.slice(0, FIRST).map((synset) => sense(context, synset, word))),
    answer.synsets.length > FIRST ? h("details", { class: "rest" }, h("summary", {}, t("more_senses", { n: answer.synsets.length - FIRST })),
      h("ol", { class: "senses" }, answer.synsets.slice(FIRST).map((synset) => sense(context, synset, word)))) : null);
}

function sense(context, synset, word) {
  const above = h("div", { class: "tree" });
  const details = h("details", {}, h("summary", {}, t("kind_of")), above);
  details.addEventListener("toggle", () => {
    if (details.open && !above.childNodes.length) into(above, () => ladder(context, synset));
  });
  const up = synset.relations.some((one) => /hypernym$/.test(one.relation));
  const [english, others] = [synset.words.map((one) => one.word), synset.translations.flatMap((one) => one.words)];
  const [first, second] = isHan(word) ? [others, english] : [english, others];
  return h("li", {}, h("p", { class: "synset" }, h("span", { class: "pos" }, t(`pos_${synset.part_of_speech}`)), " ", h("strong", {}, first.slice(0, 5).join(", ")), " ", second.length ? h("span", { class: "quiet" }, `${second.slice(0, 4).join(", ")} · `) : null,
    h("span", { class: "quiet" }, synset.definition)), up ? details : null);
}

/** From a synset up to the top, by its first hypernym each time. */
async function ladder(context, synset) {
  const steps = [];
  let now = synset;
  while (steps.length < 14) {
    const up = now.relations.find((one) => one.relation === "hypernym" || one.relation === "instance_hypernym");
    if (!up) break;
    steps.push(up.target);
    now = await get(`/v1/wordnet/synsets/${encodeURIComponent(up.target.id)}`, { signal: context.signal });
  }
  return h("ol", {}, steps.map((one, i) => h("li", { vars: { depth: i } }, h("span", { title: one.definition }, one.words.slice(0, 3).join(", ")))));
}

/** Colours what belongs to a sense of the text: its own point, and the words that stand for it. */
function paint(points, senses) {
  const of = new Map(senses.flatMap((one, i) => one.label.map((word) => [word, i])).reverse());
  for (const point of points) {
    if (point.kind === "sum") Object.assign(point, { label: senses[point.of].label.slice(0, 2).join(", "), colour: CLUSTERS[point.of % CLUSTERS.length] });
    else if (senses.length && point.kind === "neighbour") point.colour = of.has(point.word) ? CLUSTERS[of.get(point.word) % CLUSTERS.length] : "quiet";
  }
}

const sensesPath = (context, word) => of(context.collection, "words", word, "senses");

async function sensesOf(context, word) {
  return (await offers("GET", "/v1/collections/{collection}/words/{word}/senses")) ? get(sensesPath(context, word), { signal: context.signal }) : null;
}

/** Senses that the text itself distinguishes. */
async function found(context, word, senses) {
  const answer = await senses;
  if (!answer) return panel(t("induced"), t("induced_line"), {}, notOffered(t("induced_what")));
  const list = answer.senses.length
    ? h("ol", { class: "senses clusters" }, answer.senses.map((one, i) => h("li", { class: `cluster ${CLUSTERS[i % CLUSTERS.length]}` },
        h("p", { class: "synset" }, h("strong", {}, one.label.slice(0, 5).join(", ")), " ", h("span", { class: "quiet" }, percent(one.share))),
        one.examples.slice(0, 2).map((example) => h("p", { class: "tiny quiet" }, isHan(example) ? example.replaceAll(" ", "") : example)))))
    : h("p", { class: "absent" }, t("induced_rare", { n: number(answer.count) }));
  return panel(t("induced"), t("induced_line"), { tools: [copyCurl("GET", sensesPath(context, word))] }, list);
}

function analogy(context, word, pick) {
  const { parameters } = context;
  const han = isHan(word);
  const start = han ? ["河", "水", word] : ["river", "water", word];
  const given = ["a", "b", "c"].map((name, i) => (parameters.get(name) ?? "").trim() || start[i]);
  const inputs = given.map((one, i) => h("input", { type: "text", id: `analogy-${i}`, value: one, size: 8, maxlength: 100, "aria-label": "abc"[i], autocomplete: "off", spellcheck: "false" }));
  const result = h("div", { class: "split analogy-result" });
  const solve = () => into(result, () => solved(context, inputs.map((input) => input.value.trim()), pick), {
    pick: (near) => {
      const wrong = inputs.find((input) => result.textContent.includes(`"${input.value.trim()}"`));
      if (wrong) wrong.value = near;
      solve();
    } });
  const form = h("form", { class: "analogy-form", onsubmit: (event) => {
    event.preventDefault();
    const [a, b, c] = inputs.map((input) => input.value.trim());
    context.go(context.address("word", { word, a, b, c }), { replace: true });
    result.replaceChildren();
    solve();
  } }, inputs[0], h("span", {}, t("is_to")), inputs[1], h("span", {}, t("as")), inputs[2], h("span", {}, t("to_what")),
    h("button", { type: "submit" }, t("analogy_go")));
  if (parameters.get("a")) solve();
  return panel(t("analogy"), t("analogy_line", { a: "a", b: "b", c: "c" }), { name: "analogy" }, form, result);
}

async function solved(context, [a, b, c], pick) {
  const path = of(context.collection, "analogy");
  const body = { a, b, c, k: 10 };
  const answer = await post(path, body, { signal: context.signal });
  const list = h("div", {}, h("p", {}, copyCurl("POST", path, body)), bars(answer.answers.map((one) => ({ label: link(context, one.word), value: one.similarity, mode: "static" })), { max: 1 }));
  if (!(await offers("POST", "/v1/collections/{collection}/map"))) return [list];
  const [wordA, wordB, wordC] = answer.words;
  const words = [...new Set([wordA, wordB, wordC, answer.answers[0]?.word].filter(Boolean))];
  const sums = [[{ word: wordB, weight: 1 }, { word: wordA, weight: -1 }, { word: wordC, weight: 1 }]];
  const map = await post(of(context.collection, "map"), { words, k: 8, sums }, { signal: context.signal });
  const at = (word) => map.points.findIndex((point) => point.kind === "word" && point.word === word);
  const sum = map.points.findIndex((point) => point.kind === "sum");
  map.points[sum].label = t("sum_point");
  const arrows = [{ from: at(wordA), to: at(wordB), colour: "accent" }, { from: at(wordC), to: sum, colour: "context" }];
  return [h("div", {}, wordMap({ points: map.points, arrows, label: t("map_label", { n: map.points.length, word: wordC }), pick: (point) => point.word && pick(point.word), signal: context.signal }),
    h("p", { class: "quiet tiny" }, t("map_line", { kept: percent(map.kept[0] + map.kept[1]) }))), list];
}
