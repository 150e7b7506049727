// The view Word: what the collection's text and WordNet know of a word.

import { get, of, offers, post, takes, wordnet } from "./api.js";
import { bars } from "./charts.js";
import { copyCurl, h, heading, into, isHan, notOffered, number, panel, percent } from "./dom.js";
import { wordMap } from "./map.js";
import { t } from "./texts.js";

const SIZES = [30, 100, 300, 500];

/** Senses of the dictionary that are shown at once. */
const FIRST = 6;
/** Words of a larger share of the text stand near everything. */
const FUNCTION_WORDS = 0.002;
const SENSES_IN_TREE = 10;
const DEEPEST = 20;
/** Documents read for occurrences of a word, occurrences on a map, and characters of a sentence. */
const [READ, OCCURRENCES, LONGEST] = [30, 50, 400];
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
  const [map, collocates, glossary, induced, tree] = [h("div"), h("div"), h("div"), h("div"), h("div")];
  const senses = sensesOf(context, word);
  senses.catch(() => {}); // told where they are shown
  into(map, () => neighbourhood(context, word, pick, senses), { pick });
  into(collocates, () => beside(context, word, pick));
  const synsets = dictionaryOf(context, word);
  synsets.catch(() => {});
  into(glossary, () => dictionary(word, synsets));
  into(tree, () => synsets.then((found) => hierarchy(context, word, found), () => []));
  into(induced, () => found(context, word, senses));
  return [
    h("div", { class: "headword" }, h("h2", { lang: isHan(word) ? "zh" : null }, word),
      h("p", { class: "quiet" }, info ? t("word_facts", { count: number(info.count), documents: number(info.documents) }) : t("from_subwords"))),
    h("div", { class: "split" }, map,
      panel(t("neighbours"), t("neighbours_line"), { tools: [copyCurl("GET", path)] },
        bars(similar.similar.slice(0, 20).map((one) => ({ label: link(context, one.word), value: one.similarity, mode: "static" })), { max: 1 }))),
    induced,
    h("div", { class: "halves" }, collocates, glossary),
    tree,
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
  const path = of(context.collection, "words", word, "collocates") + "?k=100&min_together=2";
  const answer = await get(path, { signal: context.signal });
  const words = context.collections.find((one) => one.name === context.collection)?.model?.corpus_words ?? Infinity;
  const telling = answer.collocates.filter((one) => one.count < words * FUNCTION_WORDS);
  const shown = (telling.length ? telling : answer.collocates).slice(0, 15);
  return panel(t("collocates"), t("collocates_line"), { tools: [copyCurl("GET", path)] },
    shown.length ? bars(shown.map((one) => ({
      label: link(context, one.word), value: one.log_likelihood, mode: "keyword",
      note: t("together", { n: number(one.together), expected: number(one.expected, 1) }) })), { digits: 1 })
      : h("p", { class: "absent" }, t("nothing_found")));
}

/** The language in which a word is looked up: Chinese only where it has been added. */
export async function dictionaryLanguage(word) {
  return isHan(word) && (await wordnet())?.languages.includes("cmn") ? "cmn" : "eng";
}

async function dictionaryOf({ signal }, word) {
  const lang = await dictionaryLanguage(word);
  const path = `/v1/wordnet/words/${encodeURIComponent(word)}?lang=${lang}`;
  const answer = await get(path, { signal });
  return { path, lang, synsets: answer.synsets };
}

async function dictionary(word, found) {
  const { path, synsets } = await found;
  return panel(t("wordnet"), t("wordnet_line"), { tools: [copyCurl("GET", path)] },
    h("ol", { class: "senses" }, synsets.slice(0, FIRST).map((synset) => sense(synset, word))),
    synsets.length > FIRST ? h("details", { class: "rest" }, h("summary", {}, t("more_senses", { n: synsets.length - FIRST })),
      h("ol", { class: "senses" }, synsets.slice(FIRST).map((synset) => sense(synset, word)))) : null);
}

function sense(synset, word) {
  const kinds = synset.relations.filter((one) => /hyponym$/.test(one.relation)).map((one) => one.target.words[0]);
  const [english, others] = [synset.words.map((one) => one.word), synset.translations.flatMap((one) => one.words)];
  const [first, second] = isHan(word) ? [others, english] : [english, others];
  return h("li", {}, h("p", { class: "synset" }, h("span", { class: "pos" }, t(`pos_${synset.part_of_speech}`)), " ", h("strong", {}, first.slice(0, 5).join(", ")), " ", second.length ? h("span", { class: "quiet" }, `${second.slice(0, 4).join(", ")} · `) : null,
    h("span", { class: "quiet" }, synset.definition)),
    kinds.length ? h("p", { class: "tiny quiet" }, t("kinds", { kinds: kinds.slice(0, 5).join(", ") }), kinds.length > 5 ? " …" : "") : null);
}

/** From the top of WordNet down to the word's senses: what each is a kind of, by its first hypernym each time. */
async function hierarchy(context, word, { lang, synsets }) {
  const asked = new Map();
  const at = (id) => {
    if (!asked.has(id)) asked.set(id, get(`/v1/wordnet/synsets/${encodeURIComponent(id)}?lang=${lang}`, { signal: context.signal }));
    return asked.get(id);
  };
  const chain = async (synset) => {
    const steps = [];
    for (let now = synset; steps.length < DEEPEST; ) {
      const up = now.relations.find((one) => one.relation === "hypernym" || one.relation === "instance_hypernym");
      if (!up) break;
      steps.unshift(up.target);
      now = await at(up.target.id);
    }
    return steps;
  };
  const shown = synsets.filter((one) => one.relations.some(({ relation }) => /hypernym$/.test(relation))).slice(0, SENSES_IN_TREE);
  if (!shown.length) return [];
  const root = { below: new Map() };
  for (const [i, steps] of (await Promise.all(shown.map(chain))).entries()) {
    let node = root;
    for (const step of [...steps, shown[i]]) {
      if (!node.below.has(step.id)) node.below.set(step.id, { synset: step, leaf: step === shown[i], below: new Map() });
      node = node.below.get(step.id);
    }
    node.leaf = true;
  }
  return panel(t("hierarchy", { word }), t("hierarchy_line"), { name: "hierarchy" }, branches(root, word));
}

/** Steps without a fork stand in one line. */
function branches(node, word) {
  return h("ul", { class: "tree" }, [...node.below.values()].map((one) => {
    const line = [one];
    while (!line.at(-1).leaf && line.at(-1).below.size === 1) line.push([...line.at(-1).below.values()][0]);
    const last = line.at(-1);
    return h("li", {}, h("p", {}, line.map((step, i) => [i ? h("span", { class: "up", "aria-hidden": "true" }, " › ") : null, treeNode(step, word)])),
      last.below.size ? branches(last, word) : null);
  }));
}

function treeNode({ synset, leaf }, word) {
  if (!leaf) return h("span", { class: "genus", title: synset.definition }, synset.words.slice(0, 2).join(", "));
  return [h("strong", {}, word), " ", h("span", { class: "quiet" }, synset.definition)];
}

/** Colours what belongs to a sense of the text: its own point, and the words that stand for it. */
function paint(points, senses) {
  const of = new Map(senses.flatMap((one, i) => one.label.map((word) => [word, i])).reverse());
  for (const point of points) {
    if (point.kind === "sum") Object.assign(point, { label: senses[point.of].label.slice(0, 2).join(", "), colour: clusterOf(point.of) });
    else if (senses.length && point.kind === "neighbour") point.colour = of.has(point.word) ? clusterOf(of.get(point.word)) : "quiet";
  }
}

const sensesPath = (context, word) => of(context.collection, "words", word, "senses");

async function sensesOf(context, word) {
  return (await offers("GET", "/v1/collections/{collection}/words/{word}/senses")) ? get(sensesPath(context, word), { signal: context.signal }) : null;
}

/** Senses that the text itself distinguishes, and the word's occurrences, each where its sentence puts it and in the colour of its sense. */
async function found(context, word, senses) {
  const answer = await senses;
  if (!answer) return panel(t("induced"), t("induced_line"), {}, notOffered(t("induced_what")));
  const options = { tools: [copyCurl("GET", sensesPath(context, word))], name: "induced" };
  if (!answer.senses.length) return panel(t("induced"), t("induced_line"), options, h("p", { class: "absent" }, t("induced_rare")));
  const list = h("ol", { class: "senses clusters" }, answer.senses.map((one, i) => h("li", { class: `cluster ${clusterOf(i)}` },
    h("p", { class: "synset" }, h("strong", {}, one.label.slice(0, 5).join(", ") || one.sense), " ", h("span", { class: "quiet" }, percent(one.share))),
    one.nearest ? h("p", { class: "tiny" }, h("span", { class: "quiet" }, `${t("nearest_synset")} `), one.nearest.name, h("span", { class: "quiet" }, `: ${one.nearest.definition}`)) : null,
    one.examples.slice(0, 2).map((example) => h("p", { class: "tiny" }, h("a", { class: "quiet", href: context.address("sense", { text: spaced(example), word }) }, spaced(example)))))));
  const model = context.collections.find((one) => one.name === context.collection)?.model;
  if (!model?.context || !(await takes("MapRequest", "places"))) return panel(t("induced"), t("induced_line"), options, list);
  const map = h("div");
  into(map, () => occurrences(context, word));
  return panel(t("induced"), t("induced_line"), options, h("div", { class: "split" }, map, list));
}

const clusterOf = (i) => CLUSTERS[i % CLUSTERS.length];

/** An example is kept as words; Chinese ones stand together again. */
const spaced = (example) => (isHan(example) ? example.replaceAll(" ", "") : example);

/** Sentences of the collection in which the word stands: `{text, offset}`, the place in bytes. */
async function sentencesWith({ collection, signal }, word) {
  const { hits } = await post(of(collection, "search"), { query: word, mode: "keyword", limit: READ }, { signal });
  const documents = await Promise.all(hits.map((hit) => get(of(collection, "documents", hit.id), { signal })));
  const edge = (look) => (isHan(word) ? "" : `(?${look}[\\p{L}\\p{N}])`);
  const pattern = new RegExp(edge("<!") + word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + edge("!"), "iu");
  const bytes = new TextEncoder();
  const sentences = documents.flatMap(({ text }) => text.match(/[^.!?。！？\n]+[.!?。！？]*/g) ?? []);
  return [...new Set(sentences.map((one) => one.trim().slice(0, LONGEST)))].map((text) => ({ text, at: pattern.exec(text)?.index ?? -1 }))
    .filter(({ at }) => at >= 0).slice(0, OCCURRENCES).map(({ text, at }) => ({ text, offset: bytes.encode(text.slice(0, at)).length }));
}

async function occurrences(context, word) {
  const places = await sentencesWith(context, word);
  if (!places.length) return h("p", { class: "absent" }, t("nothing_found"));
  const [path, body] = [of(context.collection, "map"), { words: [word], k: 0, places }];
  const requests = places.map((place) => ({ ...place, inventory: "induced" }));
  const [map, told] = await Promise.all([post(path, body, { signal: context.signal }),
    post(of(context.collection, "senses", "batch"), { requests }, { signal: context.signal })]);
  for (const point of map.points.filter((one) => one.kind === "place")) {
    const best = told.results[point.of].words[0]?.induced?.senses[0];
    Object.assign(point, { kind: "occurrence", text: places[point.of].text, colour: best ? clusterOf(Number(best.sense.split("~").at(-1)) - 1) : "quiet" });
  }
  const pick = (point) => point.text && context.go(context.address("sense", { text: point.text, word }));
  return [wordMap({ points: map.points, label: t("occurrences_map", { n: places.length, word }), pick, signal: context.signal }),
    h("p", { class: "row quiet tiny" }, t("occurrences_map_line", { n: places.length, kept: percent(map.kept[0] + map.kept[1]) }), copyCurl("POST", path, body))];
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
