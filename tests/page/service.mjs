// The real binary with the two bundled collections and a hostile one, in a temporary folder, and a browser to look at it.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const program = process.env.SEMEME_PROGRAM ?? join(root, "target/debug/sememe");
export const chromium = [process.env.SEMEME_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));

/** What must never become markup, as titles, texts and fields of documents. */
export const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><b>bold</b>`;

export const hostileDocuments = Array.from({ length: 24 }, (_, i) => ({
  id: `evil/../${i}?<i>&#39;`,
  title: `${HOSTILE} ${i}`,
  text: `The river floods the bank of the town ${i}. ${HOSTILE} Rivers and banks and water, the bank lends money. {{7*7}} \${7*7} javascript:alert(1)`,
  "<b>field</b>": HOSTILE,
}));

/** A folder with a small WordNet and the hostile collection, and what runs the program in it. */
async function prepared() {
  const folder = await mkdtemp(join(tmpdir(), "sememe-page-"));
  await cp(join(root, "tests/data/wordnet-tiny"), join(folder, "wordnet"), { recursive: true });
  const env = { ...process.env, SEMEME_WORDNET: join(folder, "wordnet") };
  const first = ["--data-dir", join(folder, "indexes")];
  const run = (...words) => promisify(execFile)(program, [...first, ...words], { env, cwd: folder });
  const file = join(folder, "hostile.jsonl");
  await writeFile(file, hostileDocuments.map((one) => JSON.stringify(one)).join("\n"));
  await run("ingest", "hostile", file);
  await run("train", "hostile", "--dim", "16", "--epochs", "2", "--min-count", "1");
  return { folder, env, first, run };
}

/** Small models learned from the documents alone: an unoptimised program takes minutes over the starter models' vocabulary. */
const SMALL = "--from scratch --dim 50 --epochs 5 --contextual on --hidden 16 --context-epochs 1".split(" ");

/** The bundled collections, and the hostile one. `stop()` ends the service and removes what it left. */
export async function start() {
  const { run, ...made } = await prepared();
  for (const name of ["demo-en", "demo-zh"]) {
    await run("ingest", name, join(root, `corpora/${name}.jsonl`));
    await run("train", name, ...SMALL);
  }
  return listen(made, ["serve"]);
}

/** The hostile collection alone, by these settings, and more of an environment. */
export async function serve(settings, more) {
  const { folder, env, first } = await prepared();
  return listen({ folder, env: { ...env, ...more }, first }, [...settings, "serve"]);
}

async function listen({ folder, env, first }, command) {
  const child = spawn(program, [...first, ...command, "--listen", "127.0.0.1:0"], { env, cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  const address = await new Promise((found, failed) => {
    child.once("exit", (code) => failed(new Error(`${program} ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("sememe listens on ") && found(line.slice(18).trim()));
  });
  const ended = new Promise((done) => child.once("exit", done));
  const stop = async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { address, stop };
}
