// The page in a browser, on the real binary: each view, errors, hostile text, accessibility.

import { chromium as browsers } from "playwright-core";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium, HOSTILE, serve, start } from "./service.mjs";

const axe = await readFile(fileURLToPath(new URL("node_modules/axe-core/axe.min.js", import.meta.url)), "utf8");
const PATIENCE = 60_000;

let service;
let browser;
let offered;

before(async () => {
  service = await start();
  browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox"] });
  const { paths } = await (await fetch(`${service.address}/openapi.json`)).json();
  offered = (path) => Object.keys(paths).some((one) => one.replace(/\{[^}]*\}/g, "{}") === path);
}, { timeout: 600_000 });

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A tab that keeps what it should not have: errors, requests to elsewhere. `expected` are statuses that a test provokes. */
async function open(path, { width = 1280, height = 900, scheme = "light", expected = [], routes = async () => {}, at = service.address } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // The browser notes each answer of 4xx itself; that a collection has no contextual model, or a word no senses, is one that is shown.
    const known = [404, 409, ...expected].some((status) => message.text().includes(`status of ${status}`)) || (expected.includes("offline") && message.text().includes("ERR_"));
    if (["error", "warning"].includes(message.type()) && !known) wrong.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== at) wrong.push(`asked elsewhere: ${url}`);
  });
  page.wrong = wrong;
  await routes(page);
  await page.goto(at + path);
  await settled(page);
  return page;
}

/** Everything that was asked for has come. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector("main > *") && !document.querySelector("[aria-busy]"));
}

async function close(page) {
  assert.doesNotMatch(await page.locator("body").textContent(), /\b(null|undefined|NaN)\b|\[object /, "something that is not text");
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}

/** Findings of axe that are serious or worse. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.any?.[0]?.message ?? ""}`).join("; ")}`);
}

const texts = (page, selector) => page.locator(selector).allTextContents();

test("contrast shows what each way of reading finds, and joins the same documents", async () => {
  const page = await open("/?collection=demo-en&query=loan+from+the+bank");
  assert.deepEqual(await texts(page, ".column h2"), ["Keyword", "WordNet", "Static", "Contextual", "Hybrid"]);
  assert.match(await page.locator(".summary").textContent(), /5 ways of reading, 10 hits each: \d+ documents/);
  assert.match(await page.locator(".column.keyword header").textContent(), /\d ms/);
  assert.equal(await page.locator(".column.keyword .card").count(), 10);
  assert.ok((await texts(page, ".column.keyword .title")).some((title) => title.includes("mortgage")));
  assert.ok((await texts(page, ".column.keyword mark.exact")).some((word) => word.toLowerCase() === "bank"));
  assert.ok((await page.locator(".column.static mark.soft").count()) > 0, "soft matches are marked in their own way");
  assert.ok((await page.locator(".joins path").count()) > 2, "lines join the columns");
  assert.ok((await page.locator(".only-badge").count()) > 0);
  assert.match(await page.locator(".agreement").textContent(), /0\.\d\d/);
  await close(page);
});

test("the ways of reading are chosen, and stand in the address", async () => {
  const page = await open("/?collection=demo-en&query=loan+from+the+bank");
  for (const mode of ["wordnet", "contextual", "hybrid"]) await page.locator(`.ways input[value=${mode}]`).uncheck();
  await page.waitForFunction(() => document.querySelectorAll(".column").length === 2);
  assert.match(page.url(), /modes=keyword%2Cstatic/);
  await page.reload();
  await settled(page);
  assert.deepEqual(await texts(page, ".column h2"), ["Keyword", "Static"]);
  await page.locator(".ways input[value=neighbours]").focus();
  await page.keyboard.press("Space");
  await page.waitForFunction(() => document.querySelectorAll(".column").length === 3);
  await close(page);
});

test("what hybrid blends is still found by one way alone", async () => {
  const page = await open("/?collection=demo-en&query=loan+from+the+bank");
  const alone = await page.locator(".column:not(.hybrid) .card", { has: page.locator(".only-badge") }).evaluateAll((cards) => cards.map((card) => card.dataset.id));
  assert.ok(alone.length > 0);
  for (const id of alone) assert.equal(await page.locator(`.column:not(.hybrid) .card[data-id="${id}"]`).count(), 1);
  await close(page);
});

test("fields are offered to filter by, and hold in every column", async () => {
  const page = await open("/?collection=demo-en&query=bank");
  await page.locator(".filter-details summary").click();
  await page.locator(".facets .chip").first().click();
  await page.waitForFunction(() => /filter=/.test(location.search) && document.querySelector(".card"));
  await settled(page);
  const asked = new URL(page.url()).searchParams.get("filter");
  assert.match(asked, /^\w+ = /);
  const { results } = await (await fetch(`${service.address}/v1/collections/demo-en/documents?limit=1000`)).json();
  const [name, value] = asked.split(" = ");
  const allowed = new Set(results.filter((one) => [one.fields[name]].flat().map(String).includes(value.replaceAll('"', ""))).map((one) => one.id));
  const shown = await page.locator(".card").evaluateAll((cards) => cards.map((card) => card.dataset.id));
  assert.ok(shown.length > 0 && shown.every((id) => allowed.has(id)), shown.join());
  await close(page);
});

test("a filter that cannot be read is said to be wrong", async () => {
  const page = await open("/?collection=demo-en&query=bank&filter=topic+%3D", { expected: [400, 422] });
  assert.match(await page.locator("#answers .trouble").textContent(), /filter/);
  await close(page);
});

test("a query asked on the page has an address, and the way back leads to the one before", async () => {
  const page = await open("/?collection=demo-en");
  await page.waitForFunction(() => document.activeElement?.id === "query"); // the field has the focus by itself, once the page is drawn
  await page.keyboard.type("steep bank of a river");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".card");
  assert.match(page.url(), /query=steep\+bank\+of\+a\+river/);
  await page.goBack();
  await page.waitForSelector(".eras");
  await page.goForward();
  await page.waitForSelector(".card");
  await close(page);
});

test("a hit explains itself by keyboard: parts, matrix, text", async () => {
  const page = await open("/?collection=demo-en&query=loan+from+the+bank");
  await page.locator(".column.static .title").first().focus();
  await page.keyboard.press("Enter");
  const dialog = page.locator("dialog.explanation");
  await dialog.locator("table.heat td.same").first().waitFor();
  assert.deepEqual(await dialog.locator("table.heat tbody th").allTextContents(), ["loan", "bank"]);
  assert.ok((await dialog.locator(".bars li").count()) > 1);
  assert.ok((await dialog.locator(".full-text").textContent()).length > 200);
  await dialog.locator(".tabs button.keyword").click();
  await dialog.locator("table.heat td.same").first().waitFor();
  assert.match(await dialog.locator("table.figures").textContent(), /tfidf.*mean length.*score/);
  assert.ok((await dialog.locator("table.figures tbody tr").count()) > 0, "the terms of BM25");
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains("title")), "the focus returns");
  await close(page);
});

test("a fused score is taken apart, and a contextual one compares words in their sentences", async () => {
  const page = await open("/?collection=demo-en&query=loan+from+the+bank");
  await page.locator(".column.hybrid .title").first().click();
  await page.locator("dialog table.heat td").first().waitFor();
  assert.match((await texts(page, "dialog section")).join(), /BM25 of its words/);
  await page.keyboard.press("Escape");
  await page.locator(".column.contextual .title").first().click();
  await page.locator("dialog table.heat td[style]").first().waitFor();
  assert.deepEqual(await texts(page, "dialog table.heat tbody th"), ["loan", "bank"]);
  assert.equal(await page.locator("dialog table.heat td.same").count(), 0, "in its sentence no word is quite what it is elsewhere");
  await close(page);
});

test("WordNet's way is drawn where it led to a word", async () => {
  const page = await open("/?collection=demo-en&query=animal");
  await page.locator(".column.wordnet .title").first().click();
  await page.locator("dialog .layers .node").first().waitFor();
  assert.match((await page.locator("dialog .layers").textContent()) ?? "", /animal\.n\.01/);
  await close(page);
});

test("copy as curl copies a question that the service answers the same way", async () => {
  const page = await open("/?collection=demo-en&query=it's+a+bank");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator(".under-ask button").click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `curl -s '${service.address}/v1/collections/demo-en/contrast' -H 'content-type: application/json' -d '{"query":"it'\\''s a bank","k":10,"modes":["keyword","wordnet","static","contextual","hybrid"]}'`);
  await close(page);
});

test("a word has its map, neighbours, collocates and dictionary", async () => {
  const page = await open("/?view=word&collection=demo-en&word=bank");
  assert.equal(await page.locator(".headword h2").textContent(), "bank");
  assert.match(await page.locator(".headword p").textContent(), /in \d+ documents here; [\d,]+ times/);
  assert.ok(await drawn(page, ".map-panel canvas"), "something is drawn");
  assert.match(await page.locator(".map-panel .line").textContent(), /\d+ % of the variance/);
  assert.equal(await page.locator(".split .bars li").count(), 20);
  assert.match((await texts(page, ".halves"))[0], /sloping|slope/i);
  assert.match(await page.locator(".hierarchy .tree").first().textContent(), /›.*bank/, "from the top of WordNet down to the word");
  await page.locator(".map-panel canvas").focus();
  for (const key of ["+", "ArrowLeft", "-", "0"]) await page.keyboard.press(key);
  await page.locator(".split .bars a").first().click();
  await page.waitForFunction(() => document.querySelector(".headword h2")?.textContent !== "bank");
  await close(page);
});

const drawn = (page, selector) => page.locator(selector).evaluate(async (canvas) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, i) => i % 4 === 3 && value > 0);
});

test("a word's occurrences are drawn in the colours of its senses, and a click reads one", async () => {
  const page = await open("/?view=word&collection=demo-en&word=bank");
  const map = page.locator(".induced canvas");
  assert.match(await map.getAttribute("aria-label"), /Map of \d\d occurrences of bank/);
  assert.ok(await drawn(page, ".induced canvas"));
  assert.ok((await page.locator(".induced .cluster").count()) > 1);
  await map.scrollIntoViewIfNeeded();
  const box = await map.boundingBox();
  const tip = page.locator(".induced .map-tip");
  // Wherever a point is; the buttons of the map stand in its way here and there.
  for (let at = 0; at < 400 && (await tip.isHidden()); at += 1) await page.mouse.move(box.x + 20 + ((at * 37) % (box.width - 40)), box.y + 20 + ((at * 23) % (box.height - 40)));
  assert.match(await tip.textContent(), /bank/i);
  await close(page);
});

test("an unknown word offers near ones, and a click goes there", async () => {
  const page = await open("/?view=word&collection=demo-en&word=mortgag", { expected: [404] });
  const near = page.locator(".trouble .chip").first();
  const word = await near.textContent();
  await near.click();
  await page.waitForFunction((word) => document.querySelector(".headword h2")?.textContent === word, word);
  await close(page);
});

test("an analogy is solved and its arrows drawn", async () => {
  const page = await open("/?view=word&collection=demo-en&word=bank");
  for (const [i, word] of ["river", "water", "bank"].entries()) await page.locator(`#analogy-${i}`).fill(word);
  await page.locator(".analogy-form button").click();
  await page.locator(".analogy-result .bars li").first().waitFor();
  await settled(page);
  assert.equal(await page.locator(".analogy-result .bars li").count(), 10);
  assert.ok(await drawn(page, ".analogy-result canvas"));
  assert.match(page.url(), /a=river&b=water&c=bank/);
  await close(page);
});

test("a word is chosen in two sentences, by pointer and by keyboard", async () => {
  const page = await open("/?view=sense&collection=demo-en");
  await page.waitForFunction(() => document.querySelectorAll(".token[aria-pressed=true]").length === 2);
  await settled(page);
  assert.deepEqual(await texts(page, ".token[aria-pressed=true]"), ["bank", "bank"]);
  const answers = await texts(page, ".sentence-answer");
  assert.ok(answers.every((answer) => /slop/.test(answer)), "WordNet's senses are told");
  await page.locator(".sentence").first().locator(".token", { hasText: "loan" }).focus();
  await page.keyboard.press("Enter");
  await settled(page);
  assert.match(page.url(), /word=loan/);
  await close(page);
});

test("Chinese sentences and words work as English ones do", async () => {
  const page = await open("/?view=sense&collection=demo-zh&lang=zh");
  await page.waitForFunction(() => document.querySelectorAll(".token[aria-pressed=true]").length === 2);
  assert.deepEqual(await texts(page, ".token[aria-pressed=true]"), ["苹果", "苹果"]);
  for (const word of ["银行", "杜鹃"]) {
    await page.locator(".chip", { hasText: word }).click();
    await page.waitForFunction((word) => [...document.querySelectorAll(".token[aria-pressed=true]")].filter((one) => one.textContent === word).length === 2, word);
    await settled(page);
    assert.equal(await page.locator(".shift canvas").count(), 1, `${word}: where each sentence puts it`);
  }
  assert.equal(await page.locator("h1").textContent(), "两个句子里的同一个词");
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-Hans");
  await page.locator("nav a").first().click();
  await page.locator("#query").fill("银行 利息");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".card mark");
  assert.ok((await texts(page, "mark")).some((word) => word === "利息" || word === "银行"));
  await close(page);
});

test("collections are told with their figures", async () => {
  const page = await open("/?view=collections");
  assert.deepEqual(await texts(page, ".collections h2"), ["demo-en", "demo-zh", "hostile"]);
  assert.match((await texts(page, ".collections article"))[0], /302/);
  await close(page);
});

test("files are dropped, stored, trained on and found", async (its) => {
  if (!offered("/v1/collections/{}/documents") || !offered("/v1/collections/{}/train")) return its.skip("no route for documents or training");
  const small = (route) => route.continue({ postData: JSON.stringify({ from: "scratch", dim: 16, epochs: 2, min_count: 1 }) });
  const page = await open("/?view=collections", { routes: (page) => page.route("**/mine/train", small) });
  await page.locator("#upload-to").fill("mine");
  const name = `<img src=x onerror=alert(1)>.csv`;
  const text = `title,text\n${Array.from({ length: 30 }, (_, i) => `"Heron, ${i}","A grey heron stands by the river and waits for fish, day ${i}. ""Patience"" it says."`).join("\n")}`;
  await page.locator("#upload-files").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.locator(".log", { hasText: "30 documents stored" }).waitFor();
  assert.ok((await page.locator(".log").textContent()).includes(name), "the file's name is text");
  await page.locator("article", { hasText: "mine" }).getByRole("button", { name: "Train" }).click();
  await page.waitForFunction(() => [...document.querySelectorAll("article")].some((one) => one.querySelector("h2").textContent === "mine" && /Dimensions/.test(one.textContent)), null, { timeout: 120_000 });
  await page.goto(`${service.address}/?collection=mine&query=heron`);
  await page.waitForSelector(".card");
  assert.ok((await texts(page, ".title")).some((title) => title.includes("Heron, ")));
  await close(page);
});

test("a file is dropped on the page", async () => {
  const page = await open("/?view=collections");
  await page.locator("#upload-to").fill("dropped");
  const data = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['{"id":"a","title":"One","text":"An otter swims in the river."}\n{"id":"b","text":"An owl sits in the tree."}\n'], "two.jsonl"));
    data.items.add(new File(["The heron waits.\n\nThe bank is steep.\n"], "notes.txt"));
    return data;
  });
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: data });
  await page.locator(".log", { hasText: /two\.jsonl: 2 documents stored.*notes\.txt: 2 documents stored/s }).waitFor();
  await page.locator("article h2", { hasText: "dropped" }).waitFor();
  await page.goto(`${service.address}/?collection=dropped&query=otter`);
  await page.waitForSelector(".card");
  assert.deepEqual(await texts(page, ".column h2"), ["Keyword", "WordNet"], "without a model, what needs none");
  await close(page);
});

test("a training shows its progress and its loss while it goes on", async () => {
  const task = (status, progress) => ({ uid: 7, status, type: "train", collection: "demo-en", details: {}, enqueued_at: "2026-01-01T00:00:00Z", duration_ms: null, progress });
  const told = [1, 2, 3].map((done) => task("processing", { phase: "training", done, total: 4, unit: "words", rate: 1, eta_s: 4 - done, loss: 5 - done }));
  const page = await open("/?view=collections", { routes: async (page) => {
    await page.route("**/v1/collections/demo-en/train", (route) => route.fulfill({ status: 202, json: task("enqueued", null) }));
    await page.route("**/v1/tasks/7/events", (route) => route.fulfill({ contentType: "text/event-stream", body: told.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("") }));
  } });
  const card = page.locator("article", { has: page.locator("h2", { hasText: "demo-en" }) });
  await card.getByRole("button", { name: "Train" }).click();
  await card.locator(".line-chart").waitFor();
  assert.match(await card.locator(".training").textContent(), /running · training · 1 s left/);
  assert.equal(await card.locator("progress").getAttribute("value"), "0.75");
  assert.match(await card.locator(".line-chart").getAttribute("aria-label"), /4\.000 → 2\.000/);
  await close(page);
});

test("judged queries give a table, a chart and what differs", async () => {
  const page = await open("/?view=collections&collection=demo-en");
  await page.locator(".evaluation .primary").click();
  await page.locator(".judged table").first().waitFor();
  assert.match(page.url(), /judged=demo-en/);
  const rows = await texts(page, ".judged tr.whole th");
  assert.ok(["Keyword", "Static", "Contextual", "Hybrid"].every((mode) => rows.includes(mode)), rows.join());
  assert.equal(await page.locator(".judged tbody.keyword tr").first().locator("td").count(), 6);
  assert.ok((await texts(page, ".judged .groups h3")).includes("mismatch"));
  assert.match(await page.locator(".differences").textContent(), /p [=<] 0\.\d+, \d+ : \d+/);
  assert.deepEqual(await findings(page), []);
  await close(page);
});

test("text from documents, queries and file names is never markup", async () => {
  const page = await open(`/?collection=hostile&query=${encodeURIComponent(`river bank ${HOSTILE}`)}`);
  assert.ok((await texts(page, ".title")).some((title) => title.includes("<script>")), "it is shown as it is");
  await page.locator(".title").first().click();
  await page.locator("dialog .full-text p").first().waitFor();
  await settled(page);
  assert.equal(await page.locator("dialog .fields dt").first().textContent(), "<b>field</b>");
  assert.equal(await page.locator("main img, main script, main b, dialog img, dialog script, dialog b").count(), 0);
  assert.doesNotMatch(await page.title(), /owned/);
  await page.goto(`${service.address}/?view=sense&collection=hostile&text=${encodeURIComponent(HOSTILE)}&word=script`);
  await settled(page);
  await page.goto(`${service.address}/?view=${encodeURIComponent(HOSTILE)}&collection=${encodeURIComponent(HOSTILE)}&lang=${encodeURIComponent(HOSTILE)}`);
  await settled(page);
  assert.equal(await page.locator("main img, main script, main b").count(), 0);
  await close(page);
});

test("a policy forbids everything from elsewhere and everything inline", async () => {
  const { headers } = await fetch(service.address);
  const policy = headers.get("content-security-policy");
  for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) assert.ok(policy.includes(rule), policy);
  assert.doesNotMatch(policy, /unsafe|http|\*/);
});

const problem = (status, code, title, detail, headers = {}) => ({ status, headers, contentType: "application/problem+json", body: JSON.stringify({ type: "about:blank", title, status, detail, code, request_id: "t-1" }) });

test("too many questions: says so, and for how long", async () => {
  const page = await open("/?collection=demo-en&query=bank", { expected: [429], routes: (page) =>
    page.route("**/contrast", (route) => (route.request().method() === "POST" ? route.fulfill(problem(429, "too_many_requests", "Too many requests", "10 a second", { "retry-after": "7" })) : route.continue())) });
  assert.match(await page.locator(".trouble").textContent(), /Too many requests.*wait 7 s/);
  await page.unrouteAll();
  await page.locator(".trouble button").click();
  await page.waitForSelector(".card");
  await close(page);
});

test("a key that is wanted is asked for, sent along, and kept out of addresses", async () => {
  let sent;
  const page = await open("/?collection=demo-en", { expected: [401], routes: (page) => page.route("**/v1/collections", (route) => {
    sent = route.request().headers().authorization;
    return sent === "Bearer secret-key" ? route.continue() : route.fulfill(problem(401, "unauthorized", "No key", "send a key"));
  }) });
  await page.locator("#key").fill("secret-key");
  assert.deepEqual(await findings(page), []);
  await page.locator("#key-dialog .primary").click();
  await page.waitForSelector(".eras");
  assert.equal(sent, "Bearer secret-key");
  assert.doesNotMatch(page.url(), /secret/);
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes("secret")), false);
  await close(page);
});

test("a service that has gone is said to have gone, and the page stays usable", async () => {
  const page = await open("/?collection=demo-en&query=bank", { expected: ["offline"] });
  await page.context().setOffline(true);
  await page.locator("#query").fill("river");
  await page.keyboard.press("Enter");
  await page.locator(".trouble", { hasText: "does not answer" }).waitFor();
  await page.context().setOffline(false);
  await page.locator(".trouble button").click();
  await page.waitForSelector(".card");
  await close(page);
});

test("a service's own refusals are shown: no key, too many questions, gone", async () => {
  const strict = await serve(["--set", "address_requests_per_second=1", "--set", "burst=60"], { SEMEME_MASTER_KEY: "a key for this test" });
  const page = await open("/?collection=hostile&query=bank", { expected: [401, 429, "offline"], at: strict.address });
  await page.locator(".trouble", { hasText: "API key" }).waitFor();
  await page.locator("#key").fill("a key for this test");
  await page.locator("#key-dialog .primary").click();
  await page.waitForSelector(".card");
  // Somebody else takes every turn as soon as there is one, however slow this machine is, until the page has been refused.
  let taking = true;
  const takers = Array.from({ length: 4 }, async () => {
    while (taking) await fetch(`${strict.address}/v1/collections`);
  });
  while ((await fetch(`${strict.address}/v1/collections`)).status !== 429);
  await page.locator("#query").fill("river");
  await page.keyboard.press("Enter");
  await page.locator(".trouble", { hasText: /wait \d+ s/ }).waitFor();
  taking = false;
  await Promise.all(takers);
  await strict.stop();
  await page.locator(".trouble button").click();
  await page.locator(".trouble", { hasText: "does not answer" }).waitFor();
  await close(page);
});

test("colours and language are chosen, and stay chosen", async () => {
  const page = await open("/?collection=demo-en");
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator("#theme").click();
  await page.locator("#theme").click();
  assert.notEqual(await ground(), light);
  await page.locator("button[lang=zh]").click();
  await page.waitForFunction(() => document.querySelector("h1").textContent === "一个查询，多种读法");
  await page.reload();
  await settled(page);
  assert.equal(await page.locator("h1").textContent(), "一个查询，多种读法");
  assert.notEqual(await ground(), light);
  await close(page);
});

for (const [what, path] of [["contrast", "/?collection=demo-en&query=loan+from+the+bank"], ["word", "/?view=word&collection=demo-en&word=bank&a=river&b=water&c=bank"], ["sense", "/?view=sense&collection=demo-en"], ["collections", "/?view=collections&collection=demo-en"]]) {
  test(`${what}: no serious finding of axe, light and dark, wide and narrow; nothing wider than the window`, async () => {
    for (const [width, scheme, language] of [[1280, "light", "en"], [1280, "dark", "zh"], [360, "light", "zh"], [360, "dark", "en"]]) {
      const page = await open(`${path}&lang=${language}`, { width, height: 800, scheme });
      assert.deepEqual(await findings(page), [], `${width} ${scheme}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px`);
      await close(page);
    }
  });
}

test("whatever the keyboard reaches is seen to be reached", async () => {
  const page = await open("/?collection=demo-en&query=bank");
  const seen = new Set();
  for (let i = 0; i < 30; i += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const [one, label] = [document.activeElement, document.activeElement.closest("label")];
      const outlined = [one, label].some((element) => element && getComputedStyle(element).outlineStyle === "solid" && parseFloat(getComputedStyle(element).outlineWidth) >= 2);
      return { name: `${one.tagName} ${one.id || one.className || one.textContent.slice(0, 20)}`, outlined };
    });
    assert.ok(at.outlined, at.name);
    seen.add(at.name);
  }
  for (const wanted of ["INPUT query", "SELECT collection", "BUTTON theme", "BUTTON title"]) assert.ok([...seen].some((name) => name.startsWith(wanted)), `${wanted} among ${[...seen]}`);
  await close(page);
});

test("the first view is small", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${service.address}/?collection=demo-en`);
  await page.waitForSelector(".eras");
  await page.waitForLoadState("networkidle");
  const bytes = await page.evaluate(() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type)).reduce((sum, one) => sum + one.decodedBodySize, 0));
  assert.ok(bytes > 20_000 && bytes < 150_000, `${bytes} bytes`);
  await context.close();
});

test("every text of the page is there, in two languages", async () => {
  const folder = fileURLToPath(new URL("../../src/server/page/", import.meta.url));
  const table = await readFile(join(folder, "texts.js"), "utf8");
  const known = new Set([...table.matchAll(/^ {2}(\w+): \["(?:[^"\\]|\\.)+", "(?:[^"\\]|\\.)+"\],$/gm)].map((found) => found[1]));
  const lines = table.slice(table.indexOf("const TEXTS")).split("\n").filter((line) => /^ {2}\w+:/.test(line));
  assert.equal(known.size, lines.length, "each text is a pair, and has a name of its own");
  for (const name of ["main", "api", "dom", "charts", "map", "contrast", "explain", "word", "sense", "collections", "evaluation", "files"]) {
    const code = await readFile(join(folder, `${name}.js`), "utf8");
    for (const [, key] of code.matchAll(/\bt\("(\w+)"/g)) assert.ok(known.has(key), `${name}.js: ${key}`);
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, name);
  }
});
