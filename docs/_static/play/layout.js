// Where the boxes, arrows and labels of the live graph go: in layers, from left to right or downwards.
// (A traced graph has its places from graph/showing/layout.py.)
"use strict";
const Layout = (() => {
  const LETTER = 7.3, LINE = 15;
  const LABEL = { w: 9 * LETTER, h: 29 };
  const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

  /** Break a statement at its spaces into lines of at most so many letters. */
  function wrap(text, most) {
    const lines = [];
    for (const word of text.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && longer.length <= most) lines[lines.length - 1] = longer;
      else lines.push(word.length > 2 * most ? `${word.slice(0, 2 * most - 1)}…` : word);
    }
    return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
  }

  /** Put each node into a layer; an arrow over several layers passes a lane in each between. */
  function layers(graph) {
    const found = [];
    const put = (item, layer) => (found[layer] ??= []).push(item);
    for (const node of graph.nodes) {
      node.layer = node.edges.length ? 1 + Math.max(...node.edges.map((edge) => edge.source.layer)) : 0;
      node.near = [[], []]; // what is before it and after it
      put(node, node.layer);
      for (const edge of node.edges) {
        edge.lanes = [];
        let before = edge.source;
        const join = (item) => (item.near[0].push(before), before.near[1].push(item), (before = item));
        for (let i = edge.source.layer + 1; i < node.layer; i++) {
          const lane = { near: [[], []], isLane: true };
          edge.lanes.push(lane);
          put(lane, i);
          join(lane);
        }
        join(node);
      }
    }
    return found;
  }

  /** Count how often arrows cross between neighbouring layers. */
  function crossings(rows) {
    let count = 0;
    for (const row of rows) {
      const ends = row.flatMap((item, i) => item.near[1].map((to) => [i, to.place]));
      for (const [i, [a, b]] of ends.entries())
        for (const [c, d] of ends.slice(i + 1)) if ((a - c) * (b - d) < 0) count++;
    }
    return count;
  }

  /** Order each layer so that few arrows cross: by the middle of the neighbours, back and forth. */
  function order(rows) {
    const number = (row) => row.forEach((item, i) => (item.place = i - (row.length - 1) / 2));
    rows.forEach(number);
    let best = rows.map((row) => [...row]), least = crossings(rows);
    for (let turn = 0; turn < 10; turn++) {
      const side = turn % 2;
      for (const row of side ? [...rows].reverse() : rows) {
        for (const item of row) item.aim = item.near[side].length ? mean(item.near[side].map((n) => n.place)) : item.place;
        row.sort((a, b) => a.aim - b.aim);
        number(row);
      }
      const now = crossings(rows);
      if (now < least) [best, least] = [rows.map((row) => [...row]), now];
    }
    best.forEach(number);
    return best;
  }

  /** Move the items of a row as near as can be to where they want to be, none over another. */
  function spread(row, gap) {
    const groups = []; // neighbours that touch: the middle of what all of them want
    let offset = 0;
    row.forEach((item, i) => {
      if (i) offset += (row[i - 1].wide + item.wide) / 2 + gap;
      item.offset = offset;
      let group = { items: [item], want: item.aim - offset };
      while (groups.length && groups.at(-1).want >= group.want) {
        const before = groups.pop(), items = [...before.items, ...group.items];
        group = { items, want: mean(items.map((each) => each.aim - each.offset)) };
      }
      groups.push(group);
    });
    for (const { items, want } of groups) for (const item of items) item.across = want + item.offset;
  }

  /** Lay a graph out. Each node gets a box and each edge a path and a place for its label. */
  function lay(graph, down, letters) {
    const rows = order(layers(graph));
    const [gapAlong, gapAcross] = down ? [62, 8] : [90, 16];
    for (const node of graph.nodes) {
      node.lines = wrap(node.label, letters);
      node.w = Math.max(84, LETTER * Math.max(...node.lines.map((line) => line.length)) + 12);
      node.h = LINE * (node.lines.length + 2) + 10;
    }
    for (const item of rows.flat()) [item.wide, item.across] = [item.isLane ? 12 : down ? item.w : item.h, 0];
    for (let turn = 0; turn < 12; turn++)
      for (const row of turn % 2 ? [...rows].reverse() : rows) {
        for (const item of row) {
          const near = item.near[turn % 2], all = near.length && turn < 8 ? near : item.near.flat();
          item.aim = all.length ? mean(all.map((each) => each.across)) : item.across;
        }
        spread(row, gapAcross);
      }
    const all = rows.flat();
    const start = Math.min(...all.map((item) => item.across - item.wide / 2));
    let along = 0;
    for (const row of rows) {
      const deep = Math.max(...row.map((item) => (item.isLane ? 0 : down ? item.h : item.w)));
      for (const item of row) {
        const [a, b] = [item.across - start, along + deep / 2];
        [item.x, item.y] = down ? [a, b] : [b, a];
        item.deep = deep;
      }
      along += deep + gapAlong;
    }
    const wide = Math.max(...all.map((item) => item.across + item.wide / 2)) - start;
    along -= gapAlong;
    for (const node of graph.nodes) for (const edge of node.edges) edge.points = route(edge, graph, down);
    const [width, height] = down ? [wide, along] : [along, wide];
    return { width, height, ...label(graph, down, width, height) };
  }

  /** The place of an arrow on the side of a box that it shares with others. */
  function port(edge, others, box, isEnd, down) {
    const far = (e) => {
      const next = isEnd ? (e.lanes.at(-1) ?? e.source) : (e.lanes[0] ?? e.target);
      return down ? next.x : next.y;
    };
    const sorted = [...others].sort((a, b) => far(a) - far(b) || a.slot - b.slot);
    const side = down ? box.w : box.h, step = Math.min(26, (side - 20) / sorted.length);
    return (sorted.indexOf(edge) - (sorted.length - 1) / 2) * step;
  }

  function route(edge, graph, down) {
    const { source, target } = edge;
    const out = graph.nodes.flatMap((node) => node.edges).filter((each) => each.source === source);
    const from = port(edge, out, source, false, down), to = port(edge, target.edges, target, true, down);
    const begin = down ? [source.x + from, source.y + source.h / 2] : [source.x + source.w / 2, source.y + from];
    const end = down ? [target.x + to, target.y - target.h / 2 - 8] : [target.x - target.w / 2 - 8, target.y + to];
    // A lane is passed straight, along the whole depth of its layer.
    const passed = edge.lanes.flatMap(({ x, y, deep }) =>
      down ? [[x, y - deep / 2], [x, y + deep / 2]] : [[x - deep / 2, y], [x + deep / 2, y]]);
    return [begin, ...passed, end];
  }

  /** The smooth curve through the points of an arrow, as commands of SVG. */
  function path(points, down) {
    const round = (n) => Math.round(n * 10) / 10;
    let d = `M${points[0].map(round)}`;
    for (let i = 1; i < points.length; i++) {
      const [[a, b], [c, e]] = [points[i - 1], points[i]], [mx, my] = [(a + c) / 2, (b + e) / 2];
      d += `C${(down ? [a, my, c, my, c, e] : [mx, b, mx, e, c, e]).map(round)}`;
    }
    return d;
  }

  /** A point of that curve: t runs from 0 to the number of its pieces. */
  function pointAt(points, t, down) {
    const i = Math.min(Math.floor(t), points.length - 2), u = t - i, v = 1 - u;
    const [[a, b], [c, e]] = [points[i], points[i + 1]];
    const turn = u * u * (3 - 2 * u), even = 1.5 * u * v * v + 1.5 * u * u * v + u * u * u;
    return down ? [a + (c - a) * turn, b + (e - b) * even] : [a + (c - a) * even, b + (e - b) * turn];
  }

  /** Give each label the first place along its arrow where it covers least. */
  function label(graph, down, width, height) {
    const taken = graph.nodes.map(({ x, y, w, h }) => ({ x, y, w, h }));
    const overlap = (a, b) =>
      Math.max(0, (a.w + b.w) / 2 + 3 - Math.abs(a.x - b.x)) * Math.max(0, (a.h + b.h) / 2 + 1 - Math.abs(a.y - b.y));
    let [left, right, top, bottom] = [0, width, 0, height];
    const edges = graph.nodes.flatMap((node) => node.edges);
    for (const edge of edges)
      edge.marks = Array.from({ length: 16 * (edge.points.length - 1) }, (_, i) => pointAt(edge.points, i / 16, down));
    const covers = (box, [x, y]) => Math.abs(box.x - x) < box.w / 2 && Math.abs(box.y - y) < box.h / 2;
    for (const edge of edges) {
      const others = edges.filter((other) => other !== edge).flatMap((other) => other.marks);
      const pieces = edge.points.length - 1, places = [];
      for (const aside of [0, 12, -12, 24, -24, 36, -36])
        for (const t of [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82])
          for (let piece = 0; piece < pieces; piece += 2) {
            const [x, y] = pointAt(edge.points, piece + t, down);
            places.push(down ? { x: x + aside, y } : { x, y: y + aside });
          }
      let least = Infinity;
      for (const place of places) {
        const box = { ...place, ...LABEL };
        const outside = Math.max(0, LABEL.w / 2 - place.x, place.x + LABEL.w / 2 - width);
        const hidden = 12 * others.filter((mark) => covers(box, mark)).length;
        const cost = taken.reduce((sum, other) => sum + overlap(box, other), hidden + (down ? 40 * outside : 0));
        if (cost < least) [least, edge.label] = [cost, box];
        if (cost === 0) break;
      }
      taken.push(edge.label);
      const { x, y, w, h } = edge.label;
      left = Math.min(left, x - w / 2);
      right = Math.max(right, x + w / 2);
      top = Math.min(top, y - h / 2);
      bottom = Math.max(bottom, y + h / 2);
    }
    return { left, top, fullWidth: right - left, fullHeight: bottom - top };
  }

  return { lay, path, LINE };
})();
