// The contrast view. Text from documents only ever becomes text nodes.

const form = document.querySelector("#ask");
const collection = document.querySelector("#collection");
const query = document.querySelector("#query");
const status = document.querySelector("#status");
const answers = document.querySelector("#answers");

const names = {
  keyword: "Hard tokens · keyword",
  wordnet: "Linked tokens · WordNet",
  static: "Soft tokens · static vectors",
};

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

function through(match) {
  const words = match.query_word === match.document_word ? match.query_word : `${match.query_word} → ${match.document_word}`;
  return match.link ? `${words} (${match.link.relation} of ${match.link.sense})` : words;
}

function hit(found, mode, alone) {
  const title = element("h3", {}, `${found.rank}. ${found.title ?? found.id}`);
  if (alone.has(`${mode} ${found.id}`)) title.append(element("span", { class: `badge ${mode}` }, "found only here"));
  const words = found.matches.slice(0, 4).map(through).join(" · ");
  return element("li", {}, title, element("p", {}, found.snippet),
    element("p", { class: "words quiet" }, `${found.score.toFixed(3)}   ${words}`));
}

function column(answer, alone) {
  const heading = element("h2", { class: answer.mode }, names[answer.mode]);
  const time = element("p", { class: "quiet" }, `${answer.processing_time_ms.toFixed(1)} ms`);
  const list = element("ol", {}, ...answer.hits.map((found) => hit(found, answer.mode, alone)));
  if (answer.empty_because) list.append(element("li", {}, answer.empty_because));
  return element("section", {}, heading, time, list);
}

function show(answer) {
  const alone = new Set(answer.found_alone.map((found) => `${found.mode} ${found.id}`));
  const shown = (value) => (value === null ? "–" : value.toFixed(2));
  const pairs = answer.agreement.map((pair) =>
    `${pair.a} and ${pair.b}: overlap@${answer.k} ${shown(pair.overlap)}, rank-biased overlap ${shown(pair.rank_biased_overlap)}`);
  status.replaceChildren(...pairs.map((pair) => element("span", {}, pair)));
  answers.replaceChildren(...answer.answers.map((one) => column(one, alone)));
}

async function contrast() {
  const address = new URLSearchParams({ collection: collection.value, query: query.value });
  history.replaceState(null, "", `?${address}`);
  status.textContent = "…";
  try {
    show(await ask(`/v1/collections/${encodeURIComponent(collection.value)}/contrast`, { query: query.value, k: 10 }));
  } catch (error) {
    answers.replaceChildren();
    status.textContent = error.message;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  contrast();
});

async function start() {
  try {
    const { results } = await ask("/v1/collections");
    collection.replaceChildren(...results.map((one) => element("option", { value: one.name }, one.name)));
    const address = new URLSearchParams(location.search);
    if (results.some((one) => one.name === address.get("collection"))) collection.value = address.get("collection");
    query.value = address.get("query") ?? "";
    if (!results.length) status.textContent = "No collection yet: sememe ingest NAME PATH, then sememe train NAME.";
    else if (query.value) await contrast();
  } catch (error) {
    status.textContent = error.message;
  }
}

start();
