// The view Sense: a word in two sentences, what it may mean in each, and where each moves it.

import { get, of, offers, post, takes } from "./api.js";
import { bars } from "./charts.js";
import { copyCurl, h, heading, into, isHan, notOffered, number, panel, percent } from "./dom.js";
import { wordMap } from "./map.js";
import { t } from "./texts.js";
import { dictionaryLanguage } from "./word.js";

const EXAMPLES = {
  latin: [
    ["She asked the bank for a loan to buy a house.", "We sat on the bank and watched the river.", "bank"],
    ["The crane lifted the steel beam over the roof.", "A crane stood in the shallow water among the reeds.", "crane"],
    ["An apple fell from the tree in the orchard.", "She plugged a new apple keyboard into the computer.", "apple"],
  ],
  han: [
    ["秋天的苹果又红又甜。", "新款苹果手机的屏幕很大。", "苹果"],
    ["他去银行贷款买房子。", "种子银行保存着上万种植物的种子。", "银行"],
    ["山坡上开满了红色的杜鹃。", "林子里传来杜鹃的叫声。", "杜鹃"],
  ],
};
const PARTS = { prior: "hard", page_rank: "link", gloss: "soft", surroundings: "mix", quoted: "context", related: "related", examples: "accent" };
const SIDES = ["one", "two"];

export async function show(context) {
  const { main, parameters, collection } = context;
  const known = isHan(collection) || /zh|cn|中/.test(collection) ? EXAMPLES.han : EXAMPLES.latin;
  const texts = [parameters.get("text") ?? known[0][0], parameters.get("other") ?? (parameters.get("text") ? "" : known[0][1])];
  const word = parameters.get("word") ?? (parameters.get("text") ? "" : known[0][2]);
  const state = { context, offered: await offered(), texts, chosen: [null, null], moves: [null, null],
    answers: SIDES.map(() => h("div", { class: "sentence-answer" })) };
  const shift = h("div", { class: "shift" });
  state.moved = () => drawShift(state, shift).catch(() => {}); // told in its place
  main.replaceChildren(heading(t("sense_title"), t("sense_line"), 1),
    h("p", { class: "examples row" }, h("span", { class: "quiet" }, t("examples")), known.map(([text, other, one]) =>
      h("a", { class: "chip", href: context.address("sense", { text, other, word: one }) }, one))),
    h("div", { class: "sentences" }, SIDES.map((side, i) => sentence(state, i, side, word))), shift,
    h("div", { class: "sentences" }, SIDES.map((side, i) => h("section", { class: "panel", "aria-label": t(`sentence_${side}`) }, state.answers[i]))));
}

async function offered() {
  const [senses, encode, neighbours, induced, map] = await Promise.all([
    offers("POST", "/v1/collections/{c}/senses"), offers("POST", "/v1/collections/{c}/encode"), offers("POST", "/v1/collections/{c}/context-neighbours"),
    offers("GET", "/v1/collections/{c}/words/{w}/senses"), takes("MapRequest", "places")]);
  return { senses, encode, neighbours, induced, map };
}

function sentence(state, i, side, word) {
  const area = h("textarea", { id: `sentence-${side}`, rows: 2, maxlength: 1000, spellcheck: "false" });
  area.value = state.texts[i];
  const [tokens, answer] = [h("div", { class: "tokens", role: "group", "aria-label": t("choose_word") }), state.answers[i]];
  const read = (wanted) => {
    state.texts[i] = area.value;
    if (!area.value.trim()) return tokens.replaceChildren();
    into(tokens, () => cut(state, i, answer, wanted));
  };
  let timer;
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const chosen = state.chosen[i]?.text;
      answer.replaceChildren();
      state.chosen[i] = null;
      remember(state);
      read(chosen);
    }, 350);
  });
  read(word);
  return h("section", { class: "panel sentence" }, h("label", {}, t(`sentence_${side}`), area), tokens);
}

function remember(state) {
  const word = state.chosen.find(Boolean)?.text ?? "";
  state.context.go(state.context.address("sense", { text: state.texts[0], other: state.texts[1], word }), { replace: true });
}

/** The sentence's words as buttons, as the service's analyzer cuts it. */
async function cut(state, i, answer, wanted) {
  const text = state.texts[i];
  const { tokens } = await post(of(state.context.collection, "analyze"), { text }, { signal: state.context.signal });
  const bytes = new TextEncoder().encode(text);
  const decode = new TextDecoder();
  const choose = (button, token) => {
    for (const other of button.parentElement?.children ?? []) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    state.chosen[i] = token;
    remember(state);
    meaning(state, i, token, answer);
  };
  const buttons = tokens.map((token) => {
    const button = h("button", { type: "button", class: token.count ? "token" : "token unknown", "aria-pressed": "false",
      title: token.count ? t("times", { n: number(token.count) }) : null }, decode.decode(bytes.slice(token.start, token.end)));
    button.addEventListener("click", () => choose(button, token));
    return button;
  });
  const first = tokens.findIndex((token) => token.text === wanted);
  if (first >= 0) queueMicrotask(() => choose(buttons[first], tokens[first]));
  else if (wanted) answer.replaceChildren();
  return buttons;
}

function meaning(state, i, token, answer) {
  const [senses, induced, around] = [h("div"), h("div"), h("div")];
  answer.replaceChildren(h("p", { class: "said" }, state.texts[i]), senses, induced, around);
  into(around, () => inContext(state, i, token));
  into(senses, () => wordnetSenses(state, i, token));
  if (state.offered.induced && state.offered.senses) into(induced, () => inducedSenses(state, i, token));
}

async function wordnetSenses(state, i, token) {
  const { context, offered } = state;
  if (!offered.senses) return unscored(context, token);
  const path = of(context.collection, "senses");
  const body = { text: state.texts[i], offset: token.start, inventory: "wordnet" };
  const answer = await post(path, body, { signal: context.signal });
  const found = answer.words[0]?.wordnet;
  if (!found?.senses.length) return part(t("senses_of", { word: token.text }), null, [copyCurl("POST", path, body)], h("p", { class: "absent" }, t("nothing_found")));
  const rows = found.senses.slice(0, 8).map((sense) => ({
    label: h("span", {}, h("strong", {}, sense.words.slice(0, 3).join(", ")), " ", h("span", { class: "quiet tiny" }, sense.definition)),
    value: sense.probability, parts: pieces(sense) }));
  const used = Object.keys(PARTS).filter((name) => found.senses.some((sense) => sense.parts[name] > 0));
  return part(t("senses_of", { word: answer.words[0].word }), t("senses_score"), [copyCurl("POST", path, body)],
    h("p", { class: "legend tiny quiet" }, h("span", {}, t(found.sure ? "sure" : "unsure")), used.map((name) => h("span", { class: `key tone-${PARTS[name]}` }, t(`part_${name}`)))),
    h("div", { class: "sense-bars" }, bars(rows, { max: 1 })));
}

/** The probability's bar, divided as the positive parts of the score stand to each other. */
function pieces(sense) {
  const parts = Object.entries(sense.parts ?? {}).filter(([, value]) => value > 0);
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  if (!total) return undefined;
  return parts.map(([name, value]) => ({ value: (sense.probability * value) / total, mode: `tone-${PARTS[name] ?? "soft"}`, title: `${name} ${number(value, 2)}` }));
}

async function unscored(context, token) {
  const lang = await dictionaryLanguage(token.text);
  const path = `/v1/wordnet/words/${encodeURIComponent(token.text)}?lang=${lang}`;
  const answer = await get(path, { signal: context.signal });
  return part(t("senses_of", { word: token.text }), t("senses_unscored"), [copyCurl("GET", path)],
    h("ol", { class: "senses" }, answer.synsets.slice(0, 8).map((one) => h("li", { class: "synset" }, h("span", { class: "pos" }, t(`pos_${one.part_of_speech}`)), " ",
      h("strong", {}, one.words.slice(0, 3).map((two) => two.word).join(", ")), " ", h("span", { class: "quiet" }, one.definition)))));
}

async function inducedSenses(state, i, token) {
  const path = of(state.context.collection, "senses");
  const body = { text: state.texts[i], offset: token.start, inventory: "induced" };
  const answer = await post(path, body, { signal: state.context.signal });
  const found = answer.words[0]?.induced;
  if (!found?.senses.length) return null;
  return part(t("induced_of", { word: token.text }), t("induced_line"), [copyCurl("POST", path, body)],
    h("div", { class: "sense-bars" }, bars(found.senses.slice(0, 6).map((one) => ({
      label: h("span", {}, h("strong", {}, one.label.slice(0, 5).join(", ")), " ", h("span", { class: "quiet tiny" }, percent(one.share))),
      value: one.probability, mode: "contextual" })), { max: 1 })));
}

/** What the sentence does to the word: substitutes, and words moved towards and away from; without a context model, what stays the same. */
async function inContext(state, i, token) {
  const { context, offered } = state;
  if (!offered.encode) return fixed(context, token, notOffered(t("contextual_what")));
  const path = of(context.collection, "encode");
  const body = { text: state.texts[i], offset: token.start, k: 8 };
  try {
    const answer = await post(path, body, { signal: context.signal });
    const moved = answer.tokens.find((other) => other.start === token.start)?.adjustment;
    state.moves[i] = moved ?? null;
    state.moved();
    if (!moved) return fixed(context, token, h("p", { class: "absent" }, t("nothing_found")));
    return [part(t("substitutes"), t("substitutes_line"), [copyCurl("POST", path, body)],
      bars(moved.substitutes.map((two) => ({ label: link(context, two.word), value: two.probability, mode: "contextual" })), { digits: 3 })),
      h("div", { class: "changes" }, changes(context, "towards", moved.towards), changes(context, "away", moved.away)),
      offered.neighbours ? await occurrences(state, i, token) : null].filter(Boolean);
  } catch (error) {
    if (error.status !== 409) throw error;
    return fixed(context, token, h("p", { class: "absent" }, t("contextual_train")));
  }
}

const link = (context, word) => h("a", { href: context.address("word", { word }) }, word);

function changes(context, name, words) {
  if (!words.length) return null;
  return h("section", {}, h("h3", {}, t(name)), bars(words.slice(0, 6).map((one) => ({ label: link(context, one.word), value: Math.abs(one.change), mode: name === "towards" ? "contextual" : "static" }))));
}

/** Places in the collection where a word stands in a like context. */
async function occurrences(state, i, token) {
  const { context } = state;
  const path = of(context.collection, "context-neighbours");
  const body = { text: state.texts[i], offset: token.start, k: 5 };
  const answer = await post(path, body, { signal: context.signal });
  if (!answer.occurrences.length) return null;
  const bytes = (text, start, end) => new TextDecoder().decode(new TextEncoder().encode(text).slice(start, end));
  return part(t("occurrences"), t("occurrences_line"), [copyCurl("POST", path, body)], h("ol", { class: "senses" }, answer.occurrences.map((one) =>
    h("li", { class: "occurrence" }, bytes(one.sentence, 0, one.start), h("mark", { class: "exact" }, bytes(one.sentence, one.start, one.end)), bytes(one.sentence, one.end),
      " ", h("span", { class: "quiet tiny" }, number(one.similarity, 2))))));
}

async function fixed(context, token, why) {
  if (!token.count) return why;
  const path = of(context.collection, "words", token.text, "similar") + "?k=8";
  const answer = await get(path, { signal: context.signal });
  return part(t("nearest_static"), t("same_anywhere"), [copyCurl("GET", path)],
    bars(answer.similar.map((one) => ({ label: one.word, value: one.similarity, mode: "static" })), { max: 1 }), why);
}

const part = (title, line, tools, ...children) => h("section", {}, h("div", { class: "panel-head" }, heading(title, line, 3), h("div", { class: "tools" }, tools)), ...children);

/** The static point of each chosen word, and an arrow to where its sentence puts it. */
async function drawShift(state, place) {
  const { context, offered } = state;
  const moved = state.chosen.map((token, i) => ({ token, i, move: state.moves[i] })).filter(({ token, move }) => token?.count && move?.towards.length);
  if (!offered.map || !moved.length) return place.replaceChildren();
  const words = [...new Set(moved.map(({ token }) => token.text))];
  const path = of(context.collection, "map");
  const goals = moved.flatMap(({ i, move }) => move.towards.slice(0, 4).map(({ word }) => ({ i, word })));
  const body = { words, k: 30, sums: goals.map(({ word }) => [{ word }]), places: moved.map(({ token, i }) => ({ text: state.texts[i], offset: token.start })) };
  await into(place, async () => {
    const map = await post(path, body, { signal: context.signal });
    const tones = ["context", "hard"];
    const near = moved.map(({ move }) => new Set(move.towards.map((one) => one.word)));
    for (const point of map.points.filter(({ kind }) => kind === "sum")) {
      const { i, word } = goals[point.of];
      Object.assign(point, { kind: "neighbour", goal: true, word, of: words.indexOf(state.chosen[i].text), colour: tones[i] });
    }
    for (const point of map.points) if (point.kind === "neighbour" && !point.colour) point.colour = tones[moved[near.findIndex((set) => set.has(point.word))]?.i] ?? "quiet";
    const arrows = map.points.map((point, to) => ({ point, to })).filter(({ point }) => point.kind === "place").map(({ point, to }) => {
      const { token, i } = moved[point.of];
      Object.assign(point, { label: `${token.text} ${t(i ? "in_second" : "in_first")}`, colour: tones[i] });
      return { from: map.points.findIndex((other) => other.kind === "word" && other.word === token.text), to, colour: tones[i] };
    });
    return panel(t("shift_map"), t("shift_map_line", { kept: percent(map.kept[0] + map.kept[1]) }), { tools: [copyCurl("POST", path, body)] },
      wordMap({ points: map.points, arrows, label: t("shift_map"), pick: (point) => point.word && context.go(context.address("word", { word: point.word })), signal: context.signal }));
  });
}
