// How heavy the page is, how soon it can be used, how fast its map is drawn. Not a test: figures of the machine that it runs on, for
// docs/record/page.md. SEMEME_URL names a service with demo-en; otherwise one is started (SEMEME_PROGRAM, an optimised build).

import { chromium as browsers } from "playwright-core";
import { chromium, start } from "./service.mjs";

const ROUNDS = 20;
const FRAMES = 300;
const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, part) => sorted(values)[Math.min(values.length - 1, Math.floor(part * values.length))];
const told = (values) => `median ${quantile(values, 0.5).toFixed(1)}, 95 % ${quantile(values, 0.95).toFixed(1)}, most ${Math.max(...values).toFixed(1)}`;

const service = process.env.SEMEME_URL ? { address: process.env.SEMEME_URL, stop: async () => {} } : await start();
const browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox"] });

/** A first visit each time: nothing is cached. Ready is when the field takes keys and the view stands. */
async function firstView() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, watch) => {
      if (!document.querySelector(".eras") || document.activeElement?.id !== "query") return;
      watch.disconnect();
      requestAnimationFrame(() => (window.readyAt = performance.now()));
    }).observe(document, { childList: true, subtree: true });
    document.addEventListener("focusin", () => document.querySelector(".eras") && (window.readyAt ??= performance.now()));
  });
  await page.goto(`${service.address}/?collection=demo-en`);
  await page.waitForFunction(() => window.readyAt);
  const result = await page.evaluate(() => {
    const entries = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
    const sum = (name) => entries.reduce((all, one) => all + one[name], 0);
    return { ready: window.readyAt, plain: sum("decodedBodySize"), sent: sum("encodedBodySize"), requests: entries.length };
  });
  await context.close();
  return result;
}

/** Moves and zooms the map of a word at every frame; what stands between two frames, and what drawing takes. */
async function map(k) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${service.address}/?view=word&collection=demo-en&word=bank&k=${k}`);
  await page.waitForFunction(() => document.querySelector(".map-panel canvas") && !document.querySelector("[aria-busy]"));
  await page.locator(".map-panel canvas").scrollIntoViewIfNeeded();
  const result = await page.evaluate(async (frames) => {
    const canvas = document.querySelector(".map-panel canvas");
    const box = canvas.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const frame = () => new Promise(requestAnimationFrame);
    const send = (Type, name, more) => canvas.dispatchEvent(new Type(name, { bubbles: true, cancelable: true, clientX: x, clientY: y, ...more }));
    const gaps = [];
    let before = await frame();
    for (let i = 0; i < frames; i += 1) {
      send(WheelEvent, "wheel", { deltaY: i % 100 < 50 ? -12 : 12 });
      const now = await frame();
      gaps.push(now - before);
      before = now;
    }
    const draws = [];
    for (let i = 0; i < 100; i += 1) {
      const from = performance.now();
      canvas.parentElement.draw();
      draws.push(performance.now() - from);
    }
    return { gaps, draws, label: canvas.getAttribute("aria-label") };
  }, FRAMES);
  await context.close();
  return result;
}

const views = [];
for (let i = 0; i < ROUNDS; i += 1) views.push(await firstView());
console.log(`first view: ${views[0].requests} requests, ${views[0].plain} bytes (${views[0].sent} as sent)`);
console.log(`ready after, ms, ${ROUNDS} first visits: ${told(views.map((one) => one.ready))}`);
for (const k of [100, 500]) {
  const { gaps, draws, label } = await map(k);
  const late = gaps.filter((gap) => gap > 17.5).length;
  console.log(`${label.split(";")[0]}: ${((1000 * gaps.length) / gaps.reduce((a, b) => a + b, 0)).toFixed(1)} frames a second over ${gaps.length} frames, ${late} later than 17.5 ms; between frames, ms: ${told(gaps)}; drawing, ms: ${told(draws)}`);
}
await browser.close();
await service.stop();
