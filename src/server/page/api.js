// Questions to the REST interface, and nothing else: this page knows what any client can know.

import { t } from "./texts.js";

const KEY = "sememe-key";

/** What went wrong, as the service tells it (RFC 9457), or as the page must tell it when there is no service. */
export class Problem extends Error {
  constructor({ title, detail = "", status = 0, code = "", errors = [], request_id = "", hint = "" }) {
    super(detail || title);
    Object.assign(this, { title, detail, status, code, errors, request_id, hint, near: nearOf(detail) });
  }
}

/** Words that a detail offers instead: "word "bnak" not found; nearest: bank, bark". */
function nearOf(detail) {
  const found = /nearest: (.+)$/.exec(detail);
  return found ? found[1].split(", ").map((word) => word.trim()).filter(Boolean) : [];
}

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** Headers of every request. */
export function headers(more = {}) {
  return key.get() ? { authorization: `Bearer ${key.get()}`, ...more } : more;
}

/** The answer of a question; `body` is sent as JSON. */
export async function ask(method, path, body, { signal } = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return send(method, path, { ...sent, headers: headers(type), signal });
}

export const get = (path, options) => ask("GET", path, undefined, options);
export const post = (path, body, options) => ask("POST", path, body, options);

/** The same with a body that is sent as it is. */
export async function send(method, path, options) {
  let response;
  try {
    response = await fetch(path, { method, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: t("unreachable"), detail: t("unreachable_detail"), code: "unreachable" });
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    if (response.ok) throw new Problem({ title: t("no_json"), detail: text.slice(0, 200), status: response.status });
  }
  if (response.ok) return answer;
  throw problemOf(response, answer);
}

function problemOf(response, answer) {
  const after = response.headers.get("retry-after");
  const hint = response.status === 429 ? t("hint_429", { after: after ?? "1" })
    : response.status === 401 ? t("hint_401")
    : response.status === 403 ? t("hint_403") : "";
  if (response.status === 401) document.dispatchEvent(new CustomEvent("sememe:key-wanted"));
  return new Problem({ title: answer?.title ?? `${response.status} ${response.statusText}`, detail: answer?.detail ?? "",
    status: response.status, code: answer?.code, errors: answer?.errors, request_id: answer?.request_id, hint });
}

/** `/v1/collections/NAME/…`, every part as an address wants it. */
export function of(collection, ...parts) {
  return ["/v1/collections", collection, ...parts].map((part, place) => (place ? encodeURIComponent(part) : part)).join("/");
}

/** The question as a command line. */
export function curl(method, path, body) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ["curl", "-s", quoted(location.origin + path)];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) parts.push("-X", method);
  if (key.get()) parts.push("-H", '"authorization: Bearer $SEMEME_KEY"');
  if (body !== undefined) parts.push("-H", "'content-type: application/json'", "-d", quoted(JSON.stringify(body)));
  return parts.join(" ");
}

let network;

/** What is known of the WordNet; null where there is none. */
export function wordnet() {
  network ??= get("/v1/wordnet").catch((error) => {
    network = undefined;
    return [404, 409].includes(error.status) ? null : Promise.reject(error);
  });
  return network;
}

let described;

/** The service's own description; asked for once, when a view needs to know what is offered. */
function description() {
  described ??= get("/openapi.json").catch((error) => {
    described = undefined;
    throw error;
  });
  return described;
}

/** Whether there is such a route: `offers("POST", "/v1/collections/{collection}/senses")`; names in braces do not matter. */
export async function offers(method, path) {
  const plain = (one) => one.replace(/\{[^}]*\}/g, "{}");
  const { paths } = await description();
  return Object.entries(paths).some(([one, item]) => plain(one) === plain(path) && method.toLowerCase() in item);
}

/** Whether requests of a type may have a property: `takes("ContrastRequest", "filter")`. */
export async function takes(type, property) {
  const { components } = await description();
  return Boolean(components?.schemas?.[type]?.properties?.[property]);
}
