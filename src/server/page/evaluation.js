// How good the answers of a collection are, by judged queries: a table, a chart, and which differences are more than chance.

import { of, post, Problem } from "./api.js";
import { modeName } from "./contrast.js";
import { copyText, h, into, number, panel } from "./dom.js";
import { t } from "./texts.js";

/** Collections whose judged queries come with the program. */
const BUNDLED = ["demo-en", "demo-zh"];
const MEASURES = ["ndcg_at_10", "map", "mrr", "recall_at_5", "recall_at_100"];

/** The panel; `judged` in the address asks the bundled queries of that collection at once. */
export function evaluation(context) {
  const { collections, parameters, signal } = context;
  const models = collections.filter((one) => one.model).map((one) => one.name);
  const asked = parameters.get("judged");
  const picker = h("select", { id: "judged-of" }, models.map((one) => h("option", { value: one, selected: one === (asked ?? context.collection) }, one)));
  const files = h("input", { type: "file", id: "judged-file", accept: ".jsonl,.ndjson" });
  const result = h("div", { class: "judged" });
  const judge = (collection, read) => into(result, async () => {
    const queries = await read();
    const body = { queries };
    return report(await post(of(collection, "contrast", "judged"), body, { signal }), collection);
  });
  const bundled = h("button", { type: "button", class: "primary", onclick: () => {
    context.go(context.address("collections", { judged: picker.value }), { replace: true });
    judge(picker.value, () => bundledQueries(picker.value, signal));
  } }, t("judge_bundled"));
  const offer = () => (bundled.hidden = !BUNDLED.includes(picker.value));
  picker.addEventListener("change", () => {
    offer();
    result.replaceChildren();
  });
  files.addEventListener("change", () => files.files[0] && judge(picker.value, () => queriesOf(files.files[0])));
  offer();
  if (!models.length) return panel(t("judge"), t("judge_line"), { name: "evaluation" }, h("p", { class: "absent" }, t("untrained")));
  if (BUNDLED.includes(asked) && models.includes(asked)) judge(asked, () => bundledQueries(asked, signal));
  return panel(t("judge"), t("judge_line"), { name: "evaluation", tools: [copyText(t("copy_curl"), () => command(picker.value))] },
    h("div", { class: "ask judge" }, h("label", {}, t("collection"), picker), bundled, h("label", {}, t("judge_own"), files)), result);
}

/** Too many queries for a line: they stay in their file. */
const command = (collection) => `jq -s '{queries: map({id, query, kind, relevant})}' ${collection}.queries.jsonl | curl -s '${location.origin}${of(collection, "contrast", "judged")}' -H 'content-type: application/json' -d @-`;

async function bundledQueries(collection, signal) {
  const response = await fetch(`/page/${collection}.queries.jsonl`, { signal });
  return parsed(`${collection}.queries.jsonl`, await response.text());
}

const queriesOf = async (file) => parsed(file.name, await file.text());

function parsed(name, text) {
  return text.split("\n").map((line, i) => {
    if (!line.trim()) return null;
    try {
      const { id, query, kind, relevant } = JSON.parse(line); // and whatever else the file notes
      return { id, query, kind, relevant };
    } catch {
      throw new Problem({ title: t("judge"), detail: t("upload_bad", { name, line: i + 1 }) });
    }
  }).filter(Boolean);
}

function report({ modes, queries, documents, comparisons }, collection) {
  return [h("p", { class: "line" }, t("judge_of", { queries: number(queries), documents: number(documents), collection })),
    h("div", { class: "split" }, table(modes), chart(modes)), differences(comparisons, modes)];
}

const points = (value) => number(value * 100, 1);

/** Each way of reading with its measures; below it, by kind of query. */
function table(modes) {
  const row = (kind, label, metrics, last) => h("tr", { class: kind }, h("th", { scope: "row" }, label), MEASURES.map((name) => h("td", {}, points(metrics[name]))), h("td", {}, last));
  return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("judge") }, h("table", { class: "figures" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("mode")), ["nDCG@10", "MAP", "MRR", t("recall", { k: 5 }), t("recall", { k: 100 }), t("median_ms")].map((name) => h("th", { scope: "col" }, name)))),
    modes.map(({ mode, all, kinds, p50_ms }) => h("tbody", { class: mode }, row("whole", modeName(mode), all, number(p50_ms, 2)),
      (kinds ?? []).map(({ kind, queries, metrics }) => row("kind", `${kind} (${number(queries)})`, metrics, ""))))));
}

/** nDCG@10 as bars: one group a kind of query, one bar a way of reading. */
function chart(modes) {
  const kinds = [...new Set(modes.flatMap((one) => (one.kinds ?? []).map(({ kind }) => kind)))];
  const groups = [[t("all_queries"), (one) => one.all], ...kinds.map((kind) => [kind, (one) => one.kinds.find((other) => other.kind === kind)?.metrics])];
  return h("div", { class: "groups" }, h("p", { class: "tiny quiet" }, t("judge_chart")), groups.map(([label, metrics]) => h("section", {}, h("h3", { class: "tiny" }, label),
    h("ul", { class: "bars" }, modes.map((one) => [one, metrics(one)?.ndcg_at_10 ?? 0]).map(([one, value]) => h("li", { class: one.mode },
      h("span", { class: "bar-label tiny" }, modeName(one.mode)), h("span", { class: "bar-track", "aria-hidden": "true" }, h("span", { class: `bar ${one.mode}`, vars: { part: value } })), h("span", { class: "bar-value" }, points(value))))))));
}

/** Each way less the first, which is mode keyword where it was asked: over all queries, and by kind. */
function differences(comparisons, modes) {
  const first = modes[0]?.mode;
  const told = (comparisons ?? []).filter((one) => one.a === first);
  if (!told.length) return null;
  const kinds = [...new Set(told.map((one) => one.kind ?? ""))];
  const cell = (mode, kind) => {
    const one = told.find((other) => other.b === mode && (other.kind ?? "") === kind);
    if (!one) return h("td", {}, "–");
    const p = one.p < 0.001 ? "p < 0.001" : `p = ${number(one.p, 3)}`;
    return h("td", { class: one.p < 0.05 ? "certain" : null }, h("strong", {}, `${one.difference > 0 ? "+" : ""}${points(one.difference)}`), h("span", { class: "tiny quiet" }, ` ${p}, ${one.better} : ${one.worse}`));
  };
  return h("div", {}, h("p", { class: "tiny quiet" }, t("differences", { mode: modeName(first) })),
    h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("differences", { mode: modeName(first) }) }, h("table", { class: "figures differences" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("mode")), kinds.map((kind) => h("th", { scope: "col" }, kind || t("all_queries"))))),
      h("tbody", {}, [...new Set(told.map((one) => one.b))].map((mode) => h("tr", { class: mode }, h("th", { scope: "row" }, modeName(mode)), kinds.map((kind) => cell(mode, kind))))))));
}
