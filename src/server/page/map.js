// The map of words: a plane with equal units on both axes, drawn on a canvas; drag, zoom, hover, keys.

import { colour, h, number } from "./dom.js";
import { t } from "./texts.js";

const FONT = '13px Inter, -apple-system, "Segoe UI", "Noto Sans", system-ui, sans-serif';
/** Side of the squares that keep labels apart, in pixels. */
const CELL = 5;
const RADIUS = { neighbour: 4, occurrence: 5 };
const BOLD = `600 ${FONT.replace("13px", "15px")}`;

/**
 * A map of `points` `{word, kind, of, x, y, kept, similarity, colour, label, text, goal}` with `arrows` `{from, to, colour, text}` between places of
 * points; where there are goals, these are shown first, and all at will. `pick(point)` is called for a click. Stops when `signal` aborts.
 */
export function wordMap({ points, arrows = [], label, pick, signal }) {
  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": label, class: "map-canvas" });
  const tip = h("div", { class: "map-tip", hidden: true });
  const state = { points, arrows, canvas, tip, hover: null, view: null, wanted: false, colours: colours(), widths: new Map() };
  const wanted = () => {
    if (!state.wanted) requestAnimationFrame(() => {
      state.wanted = false;
      draw(state);
    });
    state.wanted = true;
  };
  const tool = (name, sign, action) => h("button", { type: "button", class: "icon", "aria-label": t(name), title: t(name), onclick: () => {
    action();
    wanted();
  } }, sign);
  const frame = h("div", { class: "map" }, canvas, tip, h("div", { class: "map-tools" },
    tool("zoom_in", "+", () => zoom(state, 1.4)), tool("zoom_out", "−", () => zoom(state, 1 / 1.4)), tool("zoom_all", "⤢", () => fit(state))));
  const watch = new ResizeObserver(() => {
    size(state);
    wanted();
  });
  watch.observe(canvas);
  const recolour = () => {
    state.colours = colours();
    wanted();
  };
  document.addEventListener("sememe:theme", recolour, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour, { signal });
  signal.addEventListener("abort", () => watch.disconnect());
  listen(state, wanted, pick);
  frame.draw = () => draw(state); // for those who measure
  return frame;
}

function colours() {
  const names = ["ink", "quiet", "paper", "line", "accent", "soft", "hard", "link", "context", "mix"];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

function size(state) {
  const { canvas } = state;
  const ratio = devicePixelRatio || 1;
  const box = canvas.getBoundingClientRect();
  const first = !state.view;
  state.box = { width: box.width, height: box.height, ratio };
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  if (!first && state.moved) return;
  const goals = state.points.filter((point) => point.goal);
  fit(state, goals.length ? [...goals, ...state.points.filter((point) => point.kind !== "neighbour")] : state.points);
}

/** These points in sight, or all; one scale for both axes. */
function fit(state, points = state.points) {
  const { box } = state;
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((box.width - 120) / Math.max(1e-6, right - left), (box.height - 70) / Math.max(1e-6, high - low));
  state.view = { scale: Math.max(1, Math.min(scale, 1e5)), x: (left + right) / 2, y: (low + high) / 2 };
  state.least = state.view.scale / 4;
  state.moved = false;
}

function zoom(state, factor, at = { x: state.box.width / 2, y: state.box.height / 2 }) {
  const { view, box } = state;
  const scale = Math.max(state.least, Math.min(view.scale * factor, state.least * 400));
  const dx = (at.x - box.width / 2) / view.scale - (at.x - box.width / 2) / scale;
  const dy = (at.y - box.height / 2) / view.scale - (at.y - box.height / 2) / scale;
  Object.assign(view, { scale, x: view.x + dx, y: view.y - dy });
  state.moved = true;
}

function place(state, point) {
  const { view, box } = state;
  return { x: box.width / 2 + (point.x - view.x) * view.scale, y: box.height / 2 - (point.y - view.y) * view.scale };
}

function draw(state) {
  const { canvas, box, points, arrows } = state;
  if (!box || !state.view) return;
  const pen = canvas.getContext("2d");
  pen.setTransform(box.ratio, 0, 0, box.ratio, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  const placed = points.map((point) => ({ point, ...place(state, point) }));
  const seen = placed.filter(({ x, y }) => x > -40 && y > -20 && x < box.width + 40 && y < box.height + 20);
  for (const one of seen) dot(pen, state, one);
  for (const arrow of arrows) drawArrow(pen, state, placed[arrow.from], placed[arrow.to], arrow);
  labels(pen, state, seen);
  ruler(pen, state);
}

/** A length of the plane, so that distances can be read off. */
function ruler(pen, { box, view, colours }) {
  const length = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((one) => one * view.scale > 45) ?? 1;
  const [x, y, width] = [14, box.height - 14, length * view.scale];
  pen.strokeStyle = pen.fillStyle = colours.quiet;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const [from, to] of [[[x, y - 4], [x, y]], [[x, y], [x + width, y]], [[x + width, y], [x + width, y - 4]]]) {
    pen.moveTo(...from);
    pen.lineTo(...to);
  }
  pen.stroke();
  pen.font = FONT;
  pen.textBaseline = "middle";
  pen.fillText(String(length), x + width + 7, y - 3);
}

const tone = (state, point) => state.colours[point.colour ?? (point.kind === "neighbour" ? "soft" : point.kind === "word" ? "accent" : "context")];

function dot(pen, state, { point, x, y }) {
  pen.globalAlpha = point.kind === "neighbour" || point.kind === "occurrence" ? 0.22 + 0.78 * Math.sqrt(point.kept ?? 1) : 1;
  pen.fillStyle = tone(state, point);
  pen.beginPath();
  pen.arc(x, y, RADIUS[point.kind] ?? 7, 0, 7);
  if (point.kind === "sum" || point.kind === "place") {
    pen.lineWidth = 2.5;
    pen.strokeStyle = tone(state, point);
    pen.stroke();
  } else pen.fill();
  if (state.hover === point) {
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeStyle = state.colours.ink;
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function drawArrow(pen, state, a, b, arrow) {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length < 18) return;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const [x1, y1, x2, y2] = [a.x + ux * 9, a.y + uy * 9, b.x - ux * 10, b.y - uy * 10];
  pen.strokeStyle = pen.fillStyle = state.colours[arrow.colour ?? "accent"];
  pen.lineWidth = 2;
  pen.setLineDash(arrow.dashed ? [5, 4] : []);
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2 - ux * 6, y2 - uy * 6);
  pen.stroke();
  pen.setLineDash([]);
  pen.beginPath();
  pen.moveTo(x2, y2);
  pen.lineTo(x2 - ux * 10 - uy * 5, y2 - uy * 10 + ux * 5);
  pen.lineTo(x2 - ux * 10 + uy * 5, y2 - uy * 10 - ux * 5);
  pen.fill();
}

/** Words where there is room: those asked for first, then the nearest; none over another. */
function labels(pen, state, seen) {
  const taken = emptyGrid(state.box);
  const order = { word: 0, sum: 0, place: 0, neighbour: 1 };
  const first = (one) => (one.point === state.hover ? -1 : one.point.goal ? 0.5 : order[one.point.kind]);
  const sorted = [...seen].sort((a, b) => first(a) - first(b) || b.point.similarity - a.point.similarity);
  pen.textBaseline = "middle";
  for (const { point, x, y } of sorted) {
    const text = point.label ?? point.word;
    if (!text) continue;
    const bold = point.kind !== "neighbour";
    pen.font = bold ? BOLD : FONT;
    const width = measured(pen, state, text, bold);
    const gap = bold ? 11 : 8;
    const spots = [[x + gap, y], [x - gap - width, y], [x - width / 2, y - 15], [x - width / 2, y + 15]];
    const spot = spots.find(([left, middle]) => free(taken, left, middle, width));
    if (!spot && point !== state.hover) continue;
    const [left, middle] = spot ?? spots[0];
    cells(taken, left, middle, width, (at) => (taken.full[at] = 1));
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = state.colours.paper;
    pen.strokeText(text, left, middle);
    pen.fillStyle = bold ? tone(state, point) : state.colours.ink;
    pen.fillText(text, left, middle);
  }
}

function measured(pen, state, text, bold) {
  const name = `${bold} ${text}`;
  if (!state.widths.has(name)) state.widths.set(name, pen.measureText(text).width);
  return state.widths.get(name);
}

/** Which squares of the drawing hold a label already. */
function emptyGrid({ width, height }) {
  const columns = Math.ceil(width / CELL) + 1;
  return { columns, width, height, full: new Uint8Array(columns * (Math.ceil(height / CELL) + 1)) };
}

/** Calls for each square under a label; stops, and says so, when one of them answers true. */
function cells(grid, left, middle, width, each) {
  const [l, r] = [Math.max(0, Math.floor((left - 2) / CELL)), Math.min(grid.columns - 1, Math.floor((left + width + 2) / CELL))];
  const rows = grid.full.length / grid.columns;
  const [top, bottom] = [Math.max(0, Math.floor((middle - 7) / CELL)), Math.min(rows - 1, Math.floor((middle + 7) / CELL))];
  for (let row = top; row <= bottom; row += 1) for (let column = l; column <= r; column += 1) if (each(row * grid.columns + column) === true) return true;
  return false;
}

function free(grid, left, middle, width) {
  if (left < 2 || left + width > grid.width - 2 || middle < 9 || middle > grid.height - 9) return false;
  return !cells(grid, left, middle, width, (at) => grid.full[at] === 1);
}

function listen(state, wanted, pick) {
  const { canvas } = state;
  const held = new Map();
  let travelled = 0;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, at(event));
    travelled = 0;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = held.get(event.pointerId);
    if (before) {
      travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
      if (other) zoom(state, Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)), other);
      else move(state, now.x - before.x, now.y - before.y);
      held.set(event.pointerId, now);
    } else point(state, now);
    wanted();
  });
  const release = (event) => {
    if (held.delete(event.pointerId) && travelled < 6 && event.type === "pointerup") {
      point(state, at(event));
      if (state.hover && pick) pick(state.hover);
    }
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => {
    state.hover = null;
    state.tip.hidden = true;
    wanted();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(state, Math.exp(-event.deltaY * 0.0015), at(event));
    wanted();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const keys = { "+": () => zoom(state, 1.25), "=": () => zoom(state, 1.25), "-": () => zoom(state, 0.8), 0: () => fit(state),
      ArrowLeft: () => move(state, 40, 0), ArrowRight: () => move(state, -40, 0), ArrowUp: () => move(state, 0, 40), ArrowDown: () => move(state, 0, -40) };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
    wanted();
  });
}

function move(state, dx, dy) {
  state.view.x -= dx / state.view.scale;
  state.view.y += dy / state.view.scale;
  state.moved = true;
}

/** The point under the pointer, with its figures. */
function point(state, { x, y }) {
  let near = null;
  let least = 14;
  for (const one of state.points) {
    const there = place(state, one);
    const distance = Math.hypot(there.x - x, there.y - y);
    if (distance < least) [near, least] = [one, distance];
  }
  state.hover = near;
  state.canvas.classList.toggle("on-point", Boolean(near));
  state.tip.hidden = !near;
  if (!near) return;
  const there = place(state, near);
  state.tip.textContent = near.text ?? [near.label ?? near.word, farFrom(state, near), near.count ? t("times", { n: number(near.count) }) : null].filter(Boolean).join(" · ");
  state.tip.style.left = `${Math.min(Math.max(there.x, 90), state.box.width - 90)}px`;
  state.tip.style.top = `${there.y > 50 ? there.y - 38 : there.y + 16}px`;
}

/** How far a point is from its word: in truth, over all dimensions, and as drawn. */
function farFrom({ points }, one) {
  const word = points.find((other) => other.kind === "word" && other.of === (one.kind === "neighbour" ? one.of : 0));
  if (!word || word === one) return null;
  const [truth, drawn] = [Math.sqrt(Math.max(0, 2 - 2 * one.similarity)), Math.hypot(one.x - word.x, one.y - word.y)];
  return t("far_from", { word: word.word, cos: number(one.similarity, 2), truth: number(truth, 2), drawn: number(drawn, 2) });
}
