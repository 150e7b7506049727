// Files that somebody drops: what documents they hold. Each document gets an id, so that the same file sent again changes nothing.

import { Problem } from "./api.js";
import { t } from "./texts.js";

export const READABLE = [".txt", ".md", ".json", ".jsonl", ".ndjson", ".csv", ".tsv"];

/** The documents of a file, by what its name ends with. */
export async function documentsOf(file) {
  const ending = READABLE.find((one) => file.name.toLowerCase().endsWith(one));
  if (!ending) throw wrong("upload_kind", { name: file.name });
  const text = (await file.text()).replace(/^\uFEFF/, "");
  const found = { ".txt": plain, ".md": plain, ".json": json, ".jsonl": lines, ".ndjson": lines, ".csv": (name, all) => table(name, all, ","), ".tsv": (name, all) => table(name, all, "\t") }[ending](file.name, text);
  return found.map((one, i) => (one.id === undefined || one.id === "" ? { ...one, id: `${file.name}-${i + 1}` } : one));
}

function wrong(key, values) {
  return new Problem({ title: t("upload"), detail: t(key, values) });
}

/** One document a paragraph. */
function plain(name, text) {
  return text.split(/\r?\n\s*\r?\n/).map((one) => one.trim()).filter(Boolean).map((one) => ({ text: one }));
}

function json(name, text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch {
    throw wrong("upload_bad", { name, line: 1 });
  }
}

function lines(name, text) {
  return text.split("\n").map((one, i) => ({ one: one.trim(), i })).filter(({ one }) => one).map(({ one, i }) => {
    let value;
    try {
      value = JSON.parse(one);
    } catch {
      throw wrong("upload_bad", { name, line: i + 1 });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("upload_bad", { name, line: i + 1 });
    return value;
  });
}

/** Rows with a head; quotes as RFC 4180 has them. Without a column `text`, the longest column is the text. */
function table(name, text, separator) {
  const [head = [], ...rows] = cells(text, separator);
  const objects = rows.map((row) => Object.fromEntries(head.map((column, i) => [column.trim(), row[i] ?? ""])));
  if (head.some((column) => column.trim() === "text") || !objects.length) return objects;
  const length = (column) => objects.reduce((sum, row) => sum + row[column].length, 0);
  const longest = head.map((column) => column.trim()).sort((a, b) => length(b) - length(a))[0];
  return objects.map(({ [longest]: value, ...rest }) => ({ ...rest, text: value }));
}

function cells(text, separator) {
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const [c, row] = [text[i], rows.at(-1)];
    if (quoted && c === '"' && text[i + 1] === '"') row[row.length - 1] += text[(i += 1)];
    else if (c === '"' && (quoted || row.at(-1) === "")) quoted = !quoted;
    else if (!quoted && c === separator) row.push("");
    else if (!quoted && c === "\n") rows.push([""]);
    else if (quoted || c !== "\r") row[row.length - 1] += c;
  }
  return rows.filter((row) => row.some(Boolean));
}
