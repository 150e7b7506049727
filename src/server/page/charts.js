// Small drawings: bars, lines, a matrix, a graph in layers. Numbers stand beside every one of them.

import { h, number, svg } from "./dom.js";

/** Rows of a label, a bar and a number: `{label, value, note, mode}`; `label` may be an element. */
export function bars(rows, { max, digits = 2, list = "ol" } = {}) {
  const top = max ?? Math.max(1e-9, ...rows.map((row) => Math.abs(row.value)));
  return h(list, { class: "bars" }, rows.map(({ label, value, note, mode = "", parts }) => {
    const pieces = parts ?? [{ value, mode }];
    return h("li", {},
      h("span", { class: "bar-label" }, label),
      h("span", { class: "bar-track", "aria-hidden": "true" }, pieces.map((piece) =>
        h("span", { class: `bar ${piece.mode ?? ""}`, title: piece.title, vars: { part: Math.max(0, Math.min(1, piece.value / top)) } }))),
      h("span", { class: "bar-value" }, number(value, digits)),
      note ? h("span", { class: "bar-note quiet" }, note) : null);
  }));
}

/** A matrix as a table whose cells are coloured by their value, 0 to 1. */
export function heat({ rows, columns, value, caption, corner = "" }) {
  return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: "heat" },
      h("thead", {}, h("tr", {}, h("td", {}, corner), columns.map((column) => h("th", { scope: "col" }, h("span", {}, column))))),
      h("tbody", {}, rows.map((row, i) => h("tr", {}, h("th", { scope: "row" }, row), columns.map((_, j) => {
        const one = value(i, j);
        const strength = Math.max(0, Math.min(1, one));
        return h("td", { class: one >= 0.999 ? "same" : null, vars: { heat: strength } }, one === null ? "" : number(one, 2).replace(/^(-?)0\./, "$1."));
      }))))));
}

/** A line over steps, with its first and last value written beside it. */
export function line(values, { label, width = 420, height = 120 }) {
  const pad = 8;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i) => pad + (i / Math.max(1, values.length - 1)) * (width - 2 * pad - 48);
  const y = (value) => pad + (1 - (value - low) / Math.max(1e-9, high - low)) * (height - 2 * pad);
  const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const last = values.length - 1;
  return svg("svg", { class: "line-chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${label}: ${number(values[0], 3)} → ${number(values[last], 3)}` },
    svg("polyline", { points, class: "stroke" }),
    svg("circle", { cx: x(last), cy: y(values[last]), r: 3, class: "dot" }),
    svg("text", { x: x(last) + 7, y: y(values[last]) + 4 }, number(values[last], 3)));
}

/** A graph in layers from left to right: `nodes` is a list of layers of `{id, text, note, kind}`, `edges` of `{from, to, text}`. */
export function layers(nodes, edges, label) {
  const [columnWidth, rowHeight, boxHeight] = [244, 58, 42];
  const boxWidth = 150;
  const most = Math.max(...nodes.map((layer) => layer.length));
  const [width, height] = [(nodes.length - 1) * columnWidth + boxWidth + 8, most * rowHeight + 8];
  const at = new Map();
  nodes.forEach((layer, i) => layer.forEach((node, j) =>
    at.set(node.id, { x: 4 + i * columnWidth, y: 4 + (j + (most - layer.length) / 2) * rowHeight + (rowHeight - boxHeight) / 2, node })));
  const lines = edges.map(({ from, to, text }) => {
    const [a, b] = [at.get(from), at.get(to)];
    const [x1, y1, x2, y2] = [a.x + boxWidth, a.y + boxHeight / 2, b.x, b.y + boxHeight / 2];
    const middle = (x1 + x2) / 2;
    return [svg("path", { d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`, class: "edge" }),
      text && svg("text", { x: middle, y: (y1 + y2) / 2 - 5, class: "edge-text" }, text)];
  });
  const boxes = [...at.values()].map(({ x, y, node }) => svg("g", { class: `node ${node.kind ?? ""}` },
    svg("title", {}, [node.text, node.note].filter(Boolean).join(": ")),
    svg("rect", { x, y, width: boxWidth, height: boxHeight, rx: 8 }),
    svg("text", { x: x + boxWidth / 2, y: y + (node.note ? 18 : 26), class: "node-text" }, short(node.text, 20)),
    node.note && svg("text", { x: x + boxWidth / 2, y: y + 33, class: "node-note" }, short(node.note, 26))));
  return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": label },
    svg("svg", { class: "layers", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, lines, boxes));
}

const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
