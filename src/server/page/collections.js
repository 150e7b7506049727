// The view Collections: what each holds, adding documents, training, tasks.

import { ask, get, headers, of, offers, post, send } from "./api.js";
import { line } from "./charts.js";
import { copyCurl, h, heading, into, notOffered, number, panel, trouble } from "./dom.js";
import { evaluation } from "./evaluation.js";
import { documentsOf, READABLE } from "./files.js";
import { t } from "./texts.js";

/** Documents sent at a time. */
const BATCH = 200;
const FINAL = ["succeeded", "failed", "canceled"];

export async function show(context) {
  const { main, collections } = context;
  const [writes, trains, tasks, removes] = await Promise.all([
    offers("POST", "/v1/collections/{c}/documents"), offers("POST", "/v1/collections/{c}/train"),
    offers("GET", "/v1/tasks"), offers("DELETE", "/v1/collections/{c}")]);
  const list = h("div");
  const cards = h("div", { class: "collections" });
  const state = { context, cards, running: new Map(), offered: { writes, trains, tasks, removes }, refresh: () => tasks && into(list, () => taskTable(state)) };
  drawCards(state, collections);
  main.replaceChildren(
    h("div", { class: "panel-head" }, heading(t("collections_title"), t("collections_line"), 1), h("div", { class: "tools" }, copyCurl("GET", "/v1/collections"))),
    cards,
    h("div", { class: "two" }, upload(state), panel(t("tasks"), t("tasks_line"), { tools: tasks ? [copyCurl("GET", "/v1/tasks")] : [] }, list)),
    evaluation(context));
  if (tasks) {
    state.refresh();
    const running = await get("/v1/tasks?statuses=enqueued,processing&types=train", { signal: context.signal });
    for (const task of running.results) follow(state, task);
  } else list.append(notOffered(t("tasks_what")));
}

/** The cards anew; what is shown of a training stays. */
function drawCards(state, collections) {
  state.cards.replaceChildren(...collections.map((one) => card(state, one)));
}

async function renew(state) {
  drawCards(state, await state.context.renew());
  state.refresh();
}

function card(state, one) {
  const { context, offered } = state;
  const { model } = one;
  const facts = [["documents", number(one.documents)], ...(model ? [["vocabulary", number(model.words)], ["corpus", number(model.corpus_words)], ["dimensions", number(model.dim)],
    ...(model.epochs ? [["epochs", number(model.epochs)], ["loss", number(model.loss, 3)]] : [])] : []), ...(one.generation ? [["size", bytes(one.index_bytes)], ["generation", one.generation]] : [])];
  if (!state.running.has(one.name)) state.running.set(one.name, h("div", { class: "training" }));
  const behind = one.documents - one.indexed_documents;
  return h("article", { class: "panel" },
    h("h2", {}, one.name),
    h("p", { class: "quiet tiny" }, [model ? (model.starter ? t("started_from", { name: model.starter }) : model.imported_from ? t("imported", { format: model.imported_from }) : null) : t("untrained"),
      one.up_to_date ? t("up_to_date") : t("behind", { n: number(Math.max(behind, 0)) })].filter(Boolean).join(" · ")),
    model ? h("p", { class: "tiny quiet" }, `${t("context_model")}: `, model.context ? t("context_facts", { layers: model.context.layers, hidden: model.context.hidden, mrr: number(model.context.held_out_mrr, 2), average: number(model.context.average_mrr, 2) }) : t("no_context")) : null,
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, t(name)), h("dd", {}, value)))),
    h("p", { class: "row" },
      h("a", { href: context.address("contrast", { collection: one.name }) }, t("open_contrast")),
      h("a", { href: context.address("word", { collection: one.name }) }, t("open_word")),
      offered.trains ? h("button", { type: "button", class: "small", onclick: () => train(state, one.name) }, t("train")) : null,
      offered.trains ? copyCurl("POST", of(one.name, "train"), {}) : null,
      offered.removes ? h("button", { type: "button", class: "small ghost", onclick: () => remove(state, one) }, t("delete_collection")) : null),
    state.running.get(one.name));
}

function bytes(count) {
  const unit = ["B", "kB", "MB", "GB"];
  const at = count > 0 ? Math.min(unit.length - 1, Math.floor(Math.log10(count) / 3)) : 0;
  return `${number(count / 1000 ** at, at > 1 ? 1 : 0)} ${unit[at]}`;
}

const placeOf = (state, name) => state.running.get(name);

async function remove(state, one) {
  if (!confirm(t("delete_sure", { name: one.name, n: number(one.documents) }))) return;
  try {
    await ask("DELETE", of(one.name));
    await renew(state);
  } catch (error) {
    placeOf(state, one.name).replaceChildren(trouble(error));
  }
}

async function train(state, name) {
  const place = placeOf(state, name);
  try {
    follow(state, await post(of(name, "train"), {}));
  } catch (error) {
    place.replaceChildren(trouble(error, { retry: () => train(state, name) }));
  }
}

/** Shows a task's progress until it has ended; its events come as a stream, so that a key can be sent along. */
async function follow(state, task) {
  const place = placeOf(state, task.collection);
  if (!place) return;
  const losses = new Map(); // by phase: word vectors and contextual model each have a loss of their own
  const shown = (now) => {
    const { phase, loss } = now.progress ?? {};
    const before = losses.get(phase)?.at(-1);
    if (typeof loss === "number" && loss > 0 && loss !== before) losses.set(phase, [...(losses.get(phase) ?? []), loss]);
    drawTraining(state, place, now, losses);
  };
  shown(task);
  state.refresh();
  try {
    const last = await events(`/v1/tasks/${task.uid}/events`, state.context.signal, shown);
    if (state.context.signal.aborted) return;
    if (last?.status === "succeeded") await renew(state);
    else state.refresh();
  } catch (error) {
    if (error.name !== "AbortError") place.replaceChildren(trouble(error));
  }
}

function drawTraining(state, place, task, losses) {
  const { progress } = task;
  const part = progress?.total ? progress.done / progress.total : null;
  place.replaceChildren(
    h("p", { class: "tiny", role: "status" }, [t(`status_${task.status}`), progress?.phase, progress?.eta_s ? t("eta", { s: number(progress.eta_s) }) : null].filter(Boolean).join(" · ")),
    FINAL.includes(task.status) ? null : h("progress", { max: 1, value: part, "aria-label": t("training") }),
    task.error ? h("p", { class: "warn" }, task.error.message ?? task.error.code) : "",
    ...[...losses].filter(([, values]) => values.length > 1).map(([phase, values]) => h("div", {}, h("p", { class: "tiny quiet" }, `${t("loss_curve")}: ${phase}`), line(values, { label: t("loss") }))),
    FINAL.includes(task.status) ? "" : h("p", {}, h("button", { type: "button", class: "small", onclick: () => post(`/v1/tasks/${task.uid}/cancel`, {}).catch((error) => place.replaceChildren(trouble(error))) }, t("cancel_task"))));
}

/** Reads server-sent events; the last one's data is the answer. */
async function events(path, signal, each) {
  const response = await fetch(path, { headers: headers({ accept: "text/event-stream" }), signal });
  if (!response.ok) return get(path.replace(/\/events$/, ""));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let [kept, last] = ["", null];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return last;
    const parts = (kept + value).split("\n\n");
    kept = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((one) => one.startsWith("data:")).map((one) => one.slice(5)).join("\n");
      if (data) each((last = JSON.parse(data)));
    }
  }
}

async function taskTable(state) {
  const { results } = await get("/v1/tasks?limit=12", { signal: state.context.signal });
  if (!results.length) return h("p", { class: "absent" }, t("no_tasks"));
  return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": t("tasks") }, h("table", { class: "task-table" },
    h("thead", {}, h("tr", {}, ["task", "collection", "status", "duration"].map((name) => h("th", { scope: "col" }, t(name))))),
    h("tbody", {}, results.map((task) => h("tr", {},
      h("td", {}, `${task.uid} ${task.type}`), h("td", {}, task.collection ?? "–"),
      h("td", {}, t(`status_${task.status}`), task.error ? h("p", { class: "tiny warn" }, task.error.message) : null),
      h("td", {}, task.duration_ms === null ? "–" : `${number(task.duration_ms / 1000, 1)} s`))))));
}

function upload(state) {
  const { context, offered } = state;
  if (!offered.writes) return panel(t("upload"), t("upload_line"), {}, notOffered(t("upload_what")));
  const name = h("input", { type: "text", id: "upload-to", list: "upload-names", value: context.collection ?? "", placeholder: t("upload_new"), maxlength: 64, autocomplete: "off", spellcheck: "false" });
  const files = h("input", { type: "file", id: "upload-files", multiple: true, accept: READABLE.join(",") });
  const log = h("div", { class: "log", role: "status" });
  const take = async (chosen) => {
    for (const file of chosen) await store(state, name.value.trim(), file, log);
    files.value = "";
    await renew(state).catch((error) => log.append(trouble(error)));
  };
  files.addEventListener("change", () => take([...files.files]));
  const drop = h("div", { class: "drop" }, h("label", { for: "upload-files" }, t("upload_drop")), files);
  const over = (on) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", on);
  };
  drop.addEventListener("dragover", over(true));
  drop.addEventListener("dragleave", over(false));
  drop.addEventListener("drop", (event) => {
    over(false)(event);
    take([...event.dataTransfer.files]);
  });
  const example = [{ id: "1", text: "…" }];
  return panel(t("upload"), t("upload_line"), { tools: [copyCurl("POST", of(context.collection ?? "notes", "documents"), example)] },
    h("div", { class: "upload-form" }, h("label", {}, t("upload_to"), name), h("datalist", { id: "upload-names" }, context.collections.map((one) => h("option", { value: one.name }))), drop, log));
}

async function store(state, collection, file, log) {
  const line = h("p", {});
  log.append(line);
  try {
    const documents = await documentsOf(file);
    if (!documents.length) return void (line.textContent = t("upload_none", { name: file.name }));
    let [written, rejected] = [0, []];
    for (let at = 0; at < documents.length; at += BATCH) {
      const body = documents.slice(at, at + BATCH).map((one) => JSON.stringify(one)).join("\n");
      const report = await send("POST", `${of(collection, "documents")}?wait=indexed`, { body, headers: headers({ "content-type": "application/x-ndjson" }), signal: state.context.signal });
      written += (report.added ?? 0) + (report.updated ?? 0) + (report.unchanged ?? 0);
      rejected.push(...(report.errors ?? []));
      line.textContent = t("upload_progress", { name: file.name, done: number(Math.min(at + BATCH, documents.length)), total: number(documents.length) });
    }
    line.textContent = `${file.name}: ${t("upload_done", { written: number(written) })}`;
    for (const one of rejected.slice(0, 5)) log.append(h("p", { class: "warn" }, `${one.line}: ${one.reason}`));
  } catch (error) {
    line.replaceWith(trouble(error));
  }
}
