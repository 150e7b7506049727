// The OpenAPI document as a page, with a form for each route. Whatever comes from the service only ever becomes text nodes.

const key = document.querySelector("#key");
const status = document.querySelector("#status");

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

function resolve(api, schema) {
  return schema?.$ref ? resolve(api, schema.$ref.slice(2).split("/").reduce((at, name) => at[name], api)) : schema ?? {};
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items ?? {})}[]`;
  return [schema.type ?? "any"].flat().join(" | ");
}

function row(name, schema, required, description) {
  return element("tr", {}, element("td", {}, element("code", {}, name)), element("td", {}, typeOf(schema)),
    element("td", {}, required ? "required" : ""), element("td", {}, description ?? schema.description ?? ""));
}

function table(caption, rows) {
  return rows.length ? element("table", {}, element("caption", {}, caption), ...rows) : "";
}

function fields(api, caption, schema) {
  const whole = resolve(api, schema);
  const rows = Object.entries(whole.properties ?? {})
    .map(([name, field]) => row(name, field, whole.required?.includes(name)));
  return table(`${caption} ${typeOf(schema ?? {})}`, rows);
}

// A body to begin with: the required fields, and nothing in them.
function example(api, schema, depth = 0) {
  const whole = resolve(api, schema);
  if (whole.properties && depth < 4) {
    const needed = Object.entries(whole.properties).filter(([name]) => whole.required?.includes(name));
    return Object.fromEntries(needed.map(([name, field]) => [name, example(api, field, depth + 1)]));
  }
  if (whole.enum) return whole.enum[0];
  if (whole.oneOf) return example(api, whole.oneOf[0], depth + 1);
  const type = [whole.type].flat()[0];
  return { array: [], integer: 0, number: 0, boolean: false, object: {} }[type] ?? "";
}

function form(api, method, path, operation) {
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const input = element("input", { name: parameter.name, autocomplete: "off" });
    return { parameter, input, label: element("label", {}, parameter.name, " ", input) };
  });
  const body = operation.requestBody && element("textarea", { rows: "6", class: "wide" });
  if (body) body.value = JSON.stringify(example(api, operation.requestBody.content["application/json"]?.schema), null, 2);
  const answer = element("pre", {});
  const made = element("form", {}, ...inputs.map((one) => one.label), body || "", element("button", { type: "submit" }, "Ask"), answer);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    let url = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(parameter.name, input.value);
    }
    if (query.size) url += `?${query}`;
    const headers = {};
    if (key.value) headers.authorization = `Bearer ${key.value}`;
    if (body) headers["content-type"] = "application/json";
    const response = await fetch(url, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
    answer.textContent = `${response.status} ${response.statusText}\n${shown.slice(0, 100000)}`;
  });
  return made;
}

function route(api, path, method, operation) {
  const good = Object.entries(operation.responses).find(([code]) => code.startsWith("2"))?.[1];
  const answer = good?.content && Object.values(good.content)[0].schema;
  const parameters = (operation.parameters ?? [])
    .map((parameter) => row(`${parameter.name} (${parameter.in})`, parameter.schema, parameter.required, parameter.description));
  const body = operation.requestBody && Object.values(operation.requestBody.content)[0].schema;
  return element("details", { id: operation.operationId },
    element("summary", {}, element("code", {}, `${method.toUpperCase()} ${path}`), ` ${operation.summary}`),
    element("p", { class: "quiet" }, operation["x-scopes"] ? `Scope of the key: ${operation["x-scopes"].join(" or ")}` : "Needs no key"),
    table("Parameters", parameters), fields(api, "Body:", body), fields(api, "Answer:", answer), form(api, method, path, operation));
}

try {
  const api = await (await fetch("/openapi.json")).json();
  const byTag = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags[0];
      byTag.set(tag, [...(byTag.get(tag) ?? []), route(api, path, method, operation)]);
    }
  }
  document.querySelector("#routes").append(
    ...[...byTag].map(([tag, routes]) => element("section", {}, element("h2", {}, tag), ...routes)));
} catch (error) {
  status.textContent = `The document could not be read: ${error.message}`;
}
