// A formula in x and y, read as Python reads it, and the graph that torch would record for it.
//
// Formula.read(text) returns the graph or throws a Formula.Mistake, whose message is a sentence.
// Formula.forward(graph, {x, y}) computes the values, Formula.backward(graph) the adjoints.
"use strict";
const Formula = (() => {
  // Each operation: its value, and what it sends back to each argument: torch's own formulas, from
  // its derivatives.yaml, in its order, so that NaN and infinities come out alike.
  // g is the adjoint of the result, v the result, a, b, c the arguments.
  const { abs, cos, cosh, exp, hypot, log, sign, sin, sinh, sqrt, LN2, LN10 } = Math;
  const inverseRoot = (a) => 1 / sqrt(a);
  const sigmoid = (a) => 1 / (1 + exp(-a));
  const evenRound = (a) => (abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a));
  // C, and so torch, knows two powers that JavaScript calls NaN.
  const pow = (a, b) => (a === 1 || (a === -1 && abs(b) === Infinity) ? 1 : a ** b);
  // A power whose exponent is a plain number is a root where it can be.
  const powOrRoot = (a, b) => (b === 0.5 ? sqrt(a) : b === -0.5 ? inverseRoot(a) : pow(a, b));
  const power = (raise) => [
    raise,
    (g, v, a, b) => [
      b === 0 ? 0 : g * (b * raise(a, b - 1)),
      a === 0 && b >= 0 ? 0 : g * (v * log(a)),
    ],
  ];
  const flat = (g) => [0];
  const OPERATIONS = {
    add: [(a, b) => a + b, (g) => [g, g]],
    sub: [(a, b) => a - b, (g) => [g, -g]],
    rsub: [(a, b) => b - a, (g) => [-g, g]],
    mul: [(a, b) => a * b, (g, v, a, b) => [g * b, g * a]],
    div: [(a, b) => a / b, (g, v, a, b) => [g / b, -g * (a / b / b)]],
    neg: [(a) => -a, (g) => [-g]],
    reciprocal: [(a) => 1 / a, (g, v) => [-g * (v * v)]],
    pow: power(pow),
    sin: [sin, (g, v, a) => [g * cos(a)]],
    cos: [cos, (g, v, a) => [g * -sin(a)]],
    tan: [Math.tan, (g, v) => [g * (1 + v * v)]],
    asin: [Math.asin, (g, v, a) => [g * inverseRoot(1 - a * a)]],
    acos: [Math.acos, (g, v, a) => [g * -inverseRoot(1 - a * a)]],
    atan: [Math.atan, (g, v, a) => [g / (a * a + 1)]],
    sinh: [sinh, (g, v, a) => [g * cosh(a)]],
    cosh: [cosh, (g, v, a) => [g * sinh(a)]],
    tanh: [Math.tanh, (g, v) => [g * (1 - v * v)]],
    asinh: [Math.asinh, (g, v, a) => [g * inverseRoot(a * a + 1)]],
    acosh: [Math.acosh, (g, v, a) => [g * inverseRoot(a * a - 1)]],
    atanh: [Math.atanh, (g, v, a) => [g / (1 - a * a)]],
    exp: [exp, (g, v) => [g * v]],
    exp2: [(a) => 2 ** a, (g, v) => [g * v * LN2]],
    expm1: [Math.expm1, (g, v) => [g * (v + 1)]],
    log: [log, (g, v, a) => [g / a]],
    log2: [Math.log2, (g, v, a) => [g / (a * LN2)]],
    log10: [Math.log10, (g, v, a) => [g / (a * LN10)]],
    log1p: [Math.log1p, (g, v, a) => [g / (a + 1)]],
    sqrt: [sqrt, (g, v) => [g / (2 * v)]],
    rsqrt: [inverseRoot, (g, v) => [-0.5 * g * (v * v * v)]],
    abs: [abs, (g, v, a) => [g * (sign(a) || 0)]],
    sign: [(a) => sign(a) || 0, flat],
    floor: [Math.floor, flat],
    ceil: [Math.ceil, flat],
    round: [evenRound, flat],
    trunc: [Math.trunc, flat],
    sigmoid: [sigmoid, (g, v) => [g * (1 - v) * v]],
    relu: [(a) => (a <= 0 ? 0 : a), (g, v) => [v <= 0 ? 0 : g]],
    softplus: [
      (a) => (a > 20 ? a : Math.log1p(exp(a))),
      (g, v, a) => [a > 20 ? g : (g * exp(a)) / (exp(a) + 1)],
    ],
    clamp: [
      (a, low, high = Infinity) => (a < low ? Math.min(low, high) : a > high ? high : a),
      (g, v, a, low, high = Infinity) => [a >= low && a <= high ? g : 0],
    ],
    atan2: [
      Math.atan2,
      (g, v, a, b) => {
        const square = a * a + b * b;
        return square === 0 ? [0, 0] : [g * (b * (1 / square)), g * (-a * (1 / square))];
      },
    ],
    hypot: [hypot, (g, v, a, b) => [(g * a) / v, (g * b) / v]],
    maximum: [
      Math.max,
      (g, v, a, b) => {
        const half = a === b ? g / 2 : g;
        return [a < b ? 0 : half, a > b ? 0 : half];
      },
    ],
    minimum: [
      Math.min,
      (g, v, a, b) => {
        const half = a === b ? g / 2 : g;
        return [a > b ? 0 : half, a < b ? 0 : half];
      },
    ],
    where: [(test, a, b) => (test ? a : b), (g, v, test) => [0, test ? g : 0, test ? 0 : g]],
    // Tests record nothing: nothing is sent back through them.
    "<": [(a, b) => a < b],
    "<=": [(a, b) => a <= b],
    ">": [(a, b) => a > b],
    ">=": [(a, b) => a >= b],
    "==": [(a, b) => a === b],
    "!=": [(a, b) => a !== b],
    "&": [(a, b) => a && b],
    "|": [(a, b) => a || b],
    "~": [(a) => !a],
  };
  const POWER_OF_A_NUMBER = power(powOrRoot);
  const SIGNS = "add sub rsub mul div neg".split(" ");
  const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];
  const COUNTS = { pow: [2], atan2: [2], hypot: [2], maximum: [2], minimum: [2], where: [3], clamp: [2, 3] };
  const FUNCTIONS = Object.keys(OPERATIONS).filter((name) => /^[a-z]/.test(name) && !SIGNS.includes(name));
  FUNCTIONS.push("square"); // which torch records as pow(…, 2)
  const NEEDS_TENSORS = ["atan2", "hypot", "maximum", "minimum"];
  const IN_MATH = /^(a?(sin|cos|tan)h?|atan2|exp[2m]?1?|log(2|10|1p)?|sqrt|pow|floor|ceil|trunc|hypot)$/;
  const CONSTANTS = { pi: Math.PI, e: Math.E, inf: Infinity, nan: NaN };
  const MOST_NODES = 40;

  const SPELLED = {
    ln: "log", arcsin: "asin", arccos: "acos", arctan: "atan", arctan2: "atan2", max: "maximum",
    min: "minimum", sgn: "sign", absolute: "abs", fabs: "abs", power: "pow", negative: "-",
    clip: "clamp", sig: "sigmoid", logistic: "sigmoid", tg: "tan", sen: "sin",
  };
  const CHOICE = "“if” chooses before anything is recorded. Here, write where(test, a, b) instead.";
  const LOOP = "There are no loops here. Write the turns below each other, one line for each.";
  const LOGIC = "Join tests with & for and, | for or, ~ for not, and put each comparison in brackets.";
  const NOT_HERE = {
    if: CHOICE, else: CHOICE, elif: CHOICE, for: LOOP, while: LOOP, and: LOGIC, or: LOGIC, not: LOGIC,
    lambda: "A formula needs no lambda: write what it returns.",
    print: "Nothing is printed here: the table shows every value.",
    "//": "Division without remainder is not on this page. Write floor(a / b).",
    "%": "The remainder is not on this page. Write a - floor(a / b) * b.",
    "@": "Here everything is a single number, so there is no matrix product. Write * instead.",
    "!": "There is no factorial here, and “not equal” is written !=.",
    "[": "There are no lists here: x and y are single numbers.",
    "{": "Python groups with round brackets: ( and ).",
    ":": "There are no blocks and no slices here, so nothing needs a colon.",
    '"': "There is no text here, only numbers.",
    "'": "There is no text here, only numbers.",
    "²": "Write **2 for a square.",
    "³": "Write **3 for a cube.",
    "√": "Write sqrt(x) for a root.",
    "≤": "Write <= for “at most”.",
    "≥": "Write >= for “at least”.",
    "=": "One = gives a name, at the beginning of a line; two, ==, compare.",
    ",": "A comma stands between the arguments of a function; in a number, write a point.",
  };
  for (const sign of "+-*/") NOT_HERE[`${sign}=`] = `Write the whole step: s = s ${sign} … .`;
  NOT_HERE["**="] = "Write the whole step: s = s ** … .";

  const advice = (word) => (Object.hasOwn(NOT_HERE, word) ? NOT_HERE[word] : undefined);

  class Mistake extends Error {}

  const TOKEN =
    /[ \t\r\u00a0]+|#.*|\\\n|(\n|;)|((?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?)|((?:torch\.nn\.functional|torch|math)\.(?=[\p{L}_]))?([\p{L}_][\p{L}\p{Nd}_]*)|(\*\*=?|\/\/|[<>=!]=|[-+*/]=|[\s\S])/uy;
  const LIKE = { "−": "-", "–": "-", "·": "*", "×": "*", "^": "**" };

  /** Cut the text into tokens; what stands in brackets goes on over the ends of lines. */
  function cut(text) {
    const tokens = [];
    let depth = 0;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const start = TOKEN.lastIndex;
      const [all, end, number, prefix = "", name, sign] = TOKEN.exec(text);
      const word = end ? "end" : number || name || LIKE[sign] || sign;
      const kind = end ? "end" : number ? "number" : name ? "name" : "sign";
      if (sign === "(") depth++;
      if (sign === ")") depth--;
      const is = { kind, word, all, start, stop: TOKEN.lastIndex, nameStart: start + prefix.length };
      if (!end) { if (number || name || sign) tokens.push(is); }
      else if (depth <= 0) { tokens.push(is); depth = 0; }
    }
    tokens.push({ kind: "end", word: "end", all: "", start: text.length, stop: text.length });
    return tokens;
  }

  const isNode = (a) => typeof a === "object";

  /** Read a text. */
  function read(text) {
    const tokens = cut(text), nodes = [], held = new Map(), known = { ...CONSTANTS }, inputs = {};
    const edits = []; // how the text becomes Python: [from, to, replacement]
    let at = 0;

    /** Say what is wrong, and at which token. */
    const fail = (what, token = tokens[at]) => {
      const before = text.slice(0, token.start).split("\n");
      const place = token.kind === "end" ? "at its end" : `at “${token.all}” (character ${before.at(-1).length + 1})`;
      throw new Mistake(`Line ${before.length}, ${place}: ${what}`);
    };
    const isNext = (...words) => tokens[at].kind === "sign" && words.includes(tokens[at].word);
    const take = (word) => isNext(word) && tokens[at++];
    const change = (token, word) => edits.push([token.start, token.stop, word]);
    const insert = (place, word) => edits.push([place, place, word]);
    const asFloat = (start, stop) => {
      const word = text.slice(start, stop);
      if (/^[-+]?\d+$/.test(word)) return insert(stop, ".0");
      if (/^[-+]?[\d.]+$/.test(word)) return;
      insert(start, "float(");
      insert(stop, ")");
    };
    const asTensor = (start, stop) => {
      insert(start, "torch.tensor(");
      asFloat(start, stop);
      insert(stop, ")");
    };

    const isTest = (a) => typeof a === "boolean" || (isNode(a) && a.isTest);
    const notTest = (a, token, what) => isTest(a) && fail(`${what} needs a number, and a comparison is a test: true or false.`, token);

    /** Carry an operation out: of plain numbers at once, as Python does, else as a node. */
    function operation(name, args, token) {
      if (!args.some(isNode)) return plain(name, args, token);
      const rule = name === "pow" && !isNode(args[1]) ? POWER_OF_A_NUMBER : OPERATIONS[name];
      const back = rule[1];
      const carries = back && args.some((a, i) => a.isTracked && !(name === "where" && i === 0));
      const node = { op: name, rule, args, isTracked: !!carries, isTest: !back };
      nodes.push(node);
      return node;
    }
    function plain(name, args, token) {
      const value = OPERATIONS[name][0](...args);
      if (typeof value === "boolean" || !args.every((a) => isFinite(a))) return value;
      const [a, b] = args;
      if ((name === "div" && b === 0) || (name === "pow" && a === 0 && b < 0))
        fail("Python divides plain numbers before any graph is recorded, and stops at a division by zero.", token);
      if (name === "pow" && Number.isNaN(value))
        fail("Python answers with a complex number here, since the base is negative.", token);
      if (Number.isNaN(value) || (value === -Infinity && /log/.test(name)) || name === "atanh" && !isFinite(value) || name === "rsqrt" && a === 0)
        fail(`${name} of this plain number does not exist, and Python stops there, before any graph is recorded.`, token);
      if (!isFinite(value)) fail("This plain number is too large for a computer.", token);
      return value;
    }

    /** What Python's signs call, depending on which side is a tensor. */
    function binary(token, a, b) {
      const { word } = token;
      if (word === "-" || word === "**") for (const side of [a, b]) notTest(side, token, `“${word}”`);
      const swap = !isNode(a) && isNode(b);
      if (word === "+" || word === "*") return operation(word === "+" ? "add" : "mul", swap ? [b, a] : [a, b], token);
      if (word === "-") return operation(swap ? "rsub" : "sub", swap ? [b, a] : [a, b], token);
      if (word === "**") return operation("pow", [a, b], token);
      return swap ? operation("mul", [operation("reciprocal", [b], token), a], token) : operation("div", [a, b], token);
    }

    const missing = () =>
      tokens[at].kind === "end" || isNext(")")
        ? "Something is missing here: a number, a name or a bracket."
        : isNext("|") ? "For the absolute value, write abs(x)."
        : advice(tokens[at].word) ?? "Here should be a number, a name or an opening bracket.";

    function atom() {
      const token = tokens[at];
      if (token.kind === "number") {
        at++;
        const next = tokens[at];
        if (next.kind === "name" && next.start === token.stop)
          fail(next.word === "j" ? "Complex numbers are not on this page." : `A sign is missing. Write ${token.word} * ${next.word}.`, next);
        if (/^0\d/.test(token.word)) fail("Python allows no number that begins with 0 and another digit.", token);
        return Number(token.word.replaceAll("_", ""));
      }
      if (token.kind === "name" && !advice(token.word)) return named(token);
      if (!take("(")) fail(missing());
      const inside = comparison();
      if (isNext(",")) fail("A pair is no number: what stands in brackets should be one value.");
      close(token);
      return inside;
    }
    function close(open) {
      if (take(")")) return;
      if (tokens[at].kind === "end") fail("This bracket is never closed.", open);
      unexpected();
    }

    function named(token) {
      at++;
      const { word } = token;
      if (isNext("(") && tokens[at].start === token.stop) return call(token);
      if (word === "np" || word === "numpy") fail("NumPy records nothing, so no derivative could come back. Write sin(x), without np.", token);
      if (isNext(".")) fail(`Write functions around their argument here: sin(${word}), not ${word}.sin().`);
      if (word === "x" || word === "y") return (inputs[word] ??= { op: "input", name: word, args: [], isTracked: true });
      if (Object.hasOwn(known, word)) {
        if (held.has(word)) return known[word];
        change(token, `math.${word}`);
        return known[word];
      }
      if (FUNCTIONS.includes(word)) fail(`${word} is a function: write ${word}(x).`, token);
      return fail(`Nothing is called ${word} yet. The inputs are x and y; any other name needs a line above that says what it is.`, token);
    }

    function call(token) {
      const { word } = token, open = tokens[at++], args = [], spans = [];
      if (held.has(word) || word === "x" || word === "y")
        fail(`${word} is a number, not a function. Write ${word} * ( … ).`, token);
      if (!FUNCTIONS.includes(word)) {
        const meant = Object.hasOwn(SPELLED, word) && SPELLED[word];
        fail(meant ? `Here ${word} is called ${meant}.` : `There is no function ${word} here. There are: ${FUNCTIONS.join(", ")}.`, token);
      }
      while (!isNext(")")) {
        const start = tokens[at].start;
        if (tokens[at].kind === "name" && tokens[at + 1].all === "=") fail("Give the arguments in their order, without names.");
        args.push(comparison());
        spans.push([start, tokens[at - 1].stop]);
        if (!take(",")) break;
      }
      close(open);
      const counts = COUNTS[word] ?? [1];
      if (!counts.includes(args.length))
        fail(`${word} takes ${counts.join(" or ")} argument${counts[0] > 1 ? "s" : ""}, and here ${args.length === 1 ? "is" : "are"} ${args.length}.`, token);
      if (word === "where") return where(token, args, spans);
      for (const a of args) notTest(a, token, word);
      if (word === "clamp" && args.slice(1).some(isNode)) fail("The bounds of clamp should be plain numbers.", token);
      const isPlain = !args.some(isNode);
      const home = word === "softplus" ? "torch.nn.functional." : "torch.";
      if (isPlain && IN_MATH.test(word)) change(token, `math.${word}`);
      else change(token, home + word);
      if (isPlain && IN_MATH.test(word)) return operation(word, args, token);
      // What is no tensor becomes one where torch asks for it; a plain result becomes plain again.
      args.forEach((a, i) => {
        if (!isNode(a) && (NEEDS_TENSORS.includes(word) || (isPlain && i === 0))) asTensor(...spans[i]);
      });
      if (isPlain) insert(tokens[at - 1].stop, ".item()");
      return word === "square" ? operation("pow", [args[0], 2], token) : operation(word, args, token);
    }

    function where(token, args, spans) {
      const [test, ...values] = args;
      if (!isTest(test)) fail("where needs a test first, such as x > 0.", token);
      if (!isNode(test)) fail("This test compares plain numbers. Let it compare x or y, or leave where out.", token);
      for (const a of values) notTest(a, token, "where");
      change(token, "torch.where");
      // Two plain numbers are to become a tensor of floating-point numbers.
      if (!values.some(isNode))
        for (const span of spans.slice(1)) asFloat(...span);
      const node = operation("where", args, token);
      node.test = text.slice(...spans[0]).replace(/\s+/g, " ");
      return node;
    }

    function power() {
      const base = atom(), token = take("**");
      return token ? (token.all === "^" && change(token, "**"), binary(token, base, unary())) : base;
    }
    function unary() {
      const token = tokens[at];
      if (!isNext("-", "+", "~")) return power();
      at++;
      const a = unary();
      if (token.word === "~") {
        if (!isTest(a)) fail("~ turns a test around, such as ~(x > 0); this is a number.", token);
        return operation("~", [a], token);
      }
      notTest(a, token, `“${token.word}”`);
      return token.word === "-" ? operation("neg", [a], token) : a;
    }
    /** Operations of one rank, from left to right. */
    const chain = (words, next, join) => () => {
      let a = next();
      while (isNext(...words)) {
        const token = tokens[at++];
        a = join(token, a, next());
      }
      return a;
    };
    const sum = chain(["+", "-"], chain(["*", "/"], unary, binary), binary);
    const both = (token, a, b) => {
      if (!isTest(a) || !isTest(b))
        fail(`“${token.word}” joins tests, and it binds tighter than a comparison. Put each comparison in brackets: (x > 0) ${token.word} (y > 0).`, token);
      return operation(token.word, [a, b], token);
    };
    const tests = chain(["|"], chain(["&"], sum, both), both);
    /** One comparison or several, as in 0 < x < 1. */
    function comparison() {
      let a = tests(), result;
      while (isNext(...COMPARISONS)) {
        const token = tokens[at++], b = tests();
        for (const side of [a, b]) notTest(side, token, `“${token.word}”`);
        const test = operation(token.word, [a, b], token);
        result = result === undefined ? test : operation("&", [result, test], token);
        a = b;
      }
      return result ?? a;
    }

    function unexpected() {
      const token = tokens[at], before = tokens[at - 1];
      if (advice(token.word)) fail(advice(token.word));
      if (isNext(")")) fail("This bracket closes what was never opened.");
      if (isNext(".")) fail("Write functions around their argument here: sin(x), not x.sin().");
      if (isNext("(") || token.kind !== "sign")
        fail(`Between “${before.all}” and “${token.all}” a sign is missing, such as *.`);
      fail(`“${token.all}” has no meaning here.`);
    }

    // Line by line: a name and an expression, or an expression.
    let output, last, wasReturned = null;
    const lineEnd = (start) => (text.indexOf("\n", start) + 1 || text.length + 1) - 1;
    while (at < tokens.length) {
      const first = tokens[at];
      if (first.kind === "end") { at++; continue; }
      if (/^(def|import|from)$/.test(first.word)) {
        const stop = lineEnd(first.start);
        edits.push([first.start, stop, ""]);
        while (tokens[at].start < stop) at++;
        continue;
      }
      if (wasReturned) fail("Nothing runs after a return. Make it the last line.");
      let name = null;
      if (first.word === "return" && first.kind === "name") { wasReturned = first; at++; }
      else if (first.kind === "name" && tokens[at + 1].all === "=") {
        name = first.word;
        if (name === "x" || name === "y") fail(`${name} is an input, which you move below. Give this line another name.`);
        if (FUNCTIONS.includes(name) || /^(torch|math|trace)$/.test(name) || advice(name))
          fail(`${name} has a meaning already. Choose another name.`);
        at += 2;
      }
      last = { first, name };
      output = comparison();
      if (tokens[at].kind !== "end") unexpected();
      if (name) {
        known[name] = output;
        held.set(name, [...(held.get(name) ?? []), output]);
      }
    }
    if (output === undefined) throw new Mistake("Line 1, at its end: Write a formula, such as x**2 + y.");
    if (!isNode(output) || isTest(output) || !output.isTracked) {
      const what = isTest(output) ? "The result is a test, true or false" : inputs.x || inputs.y
        ? "No path with a derivative leads from x or y to the result" : "There is no x and no y in it";
      fail(`${what}, so there is nothing to differentiate.`, last.first);
    }
    const kept = reached(output, nodes, inputs);
    if (kept.length > MOST_NODES) fail(`That makes ${kept.length} nodes, and the picture has room for ${MOST_NODES}.`, last.first);
    giveNames(nodes.filter((node) => kept.includes(node)), held, Object.keys(inputs));
    if (!wasReturned && last.name === null) insert(last.first.start, "return ");
    for (const { kind, all, word, start, stop } of tokens)
      if (kind === "sign" && all !== word && all !== "^") edits.push([start, stop, word]);
    let body = apply(text, edits).split("\n").map((line) => line.trim()).filter(Boolean);
    if (!wasReturned && last.name !== null) body.push(`return ${last.name}`);
    return { nodes: kept, every: [...Object.values(inputs), ...nodes], inputs: Object.keys(inputs).sort(), output, body };
  }

  /** The inputs and the operations that lead to the output, in the order in which they ran. */
  function reached(output, nodes, inputs) {
    const seen = new Set();
    const visit = (node) => {
      if (seen.has(node)) return;
      seen.add(node);
      node.edges = node.args.flatMap((source, slot) =>
        source.isTracked && node.op !== "input" ? [{ source, target: node, slot }] : []);
      node.edges.forEach((edge) => visit(edge.source));
    };
    visit(output);
    const named = Object.values(inputs).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const input of named) input.edges = [];
    return [...named, ...nodes.filter((node) => seen.has(node))];
  }

  /** Name each result after the variable that holds it, or v1, v2, … */
  function giveNames(operations, held, taken) {
    const used = new Set(taken);
    const free = (name) => {
      let candidate = name;
      for (let k = 2; used.has(candidate); k++) candidate = `${name}_${k}`;
      used.add(candidate);
      return candidate;
    };
    for (const [name, values] of held) {
      const own = [...new Set(values)].filter((node) => operations.includes(node) && !node.name);
      own.forEach((node, i) => (node.name = free(own.length > 1 || used.has(name) ? name + (i + 1) : name)));
    }
    let step = 0;
    for (const node of operations) {
      if (node.name) continue;
      do step++; while (used.has(`v${step}`));
      node.name = `v${step}`;
    }
  }

  /** Make all replacements in a text. */
  function apply(text, edits) {
    let result = "", from = 0;
    const ordered = edits.map((edit, i) => [...edit, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[3] - b[3]);
    for (const [start, stop, word] of ordered) {
      result += text.slice(from, start) + word;
      from = Math.max(from, stop);
    }
    return result + text.slice(from);
  }

  const valueOf = (a) => (isNode(a) ? a.value : a);

  /** Compute all values at a point; return that of the output. */
  function forward(graph, point) {
    for (const node of graph.every)
      node.value = node.op === "input" ? point[node.name] : +node.rule[0](...node.args.map(valueOf));
    return graph.output.value;
  }

  /** Send the derivatives back, after a forward pass. A local derivative is the answer to 1. */
  function backward(graph) {
    for (const node of graph.nodes) node.adjoint = 0;
    graph.output.adjoint = 1;
    for (const node of [...graph.nodes].reverse()) {
      if (!node.edges.length) continue;
      const answer = (g) => node.rule[1](g, node.value, ...node.args.map(valueOf));
      const partials = answer(1), messages = answer(node.adjoint);
      for (const edge of node.edges) {
        edge.partial = partials[edge.slot];
        edge.message = messages[edge.slot];
        edge.source.adjoint += edge.message;
      }
    }
  }

  /**
   * The slope of F to one side of a point, from difference quotients; direction is 1 or -1.
   *
   * Quotients of shrinking steps are extrapolated to the step 0, after Ridders, so that a steep
   * curve is not taken for a corner. Quotients that grow as long as the step shrinks are infinite:
   * a jump, or a vertical tangent. NaN means that F has no value on that side.
   */
  function slope(graph, point, along, direction) {
    const value = (step) => forward(graph, { ...point, [along]: point[along] + step });
    const here = value(0), size = Math.max(1, abs(point[along]));
    const quotient = (step) => {
      const real = point[along] + direction * step * size - point[along];
      return (value(real) - here) / real;
    };
    const [far, middle, near] = [1e-6, 1e-9, 1e-12].map(quotient);
    let best = middle, error = Infinity, last = [];
    for (let i = 0, step = 0.02; i < 12; i++, step /= 2) {
      const row = [quotient(step)];
      for (let k = 1; k <= i; k++) {
        row[k] = row[k - 1] + (row[k - 1] - last[k - 1]) / (2 ** k - 1);
        const doubt = Math.max(abs(row[k] - row[k - 1]), abs(row[k] - last[k - 1]));
        if (doubt < error) [best, error] = [row[k], doubt];
      }
      last = row;
    }
    if (Number.isNaN(middle) || Number.isNaN(near)) return NaN;
    const grows = abs(middle) > 1.2 * abs(far) && abs(near) > 1.2 * abs(middle) && abs(near) > 1 + abs(here);
    const isClose = abs(best - middle) <= 1e-4 * (1 + abs(here)) + 1e-3 * abs(middle);
    if (!isFinite(near) || (grows && !(isClose && error < 1e-3 * abs(best)))) return sign(near) * Infinity;
    return isClose ? best : middle;
  }

  const literal = (x) =>
    Number.isFinite(x) ? (Object.is(x, -0) ? "-0.0" : /[.e]/.test(x) ? String(x) : x + ".0") : `float("${String(x).replace("Infinity", "inf").toLowerCase()}")`;

  /** The same in Python: a program that prints the value and the adjoint of each node. */
  function program(graph, point) {
    const body = graph.body.map((line) => `    ${line}`).join("\n");
    const given = graph.inputs.map((name) => `torch.tensor(${literal(point[name])})`).join(", ");
    return [
      /\bmath\./.test(body) ? "import math\n\n" : "",
      "import torch\n\nfrom autograd_tutorial import trace\n\n",
      "torch.set_default_dtype(torch.float64)  # as exact as a browser\n\n\n",
      `def F(${graph.inputs.join(", ")}):\n${body}\n\n\n`,
      `graph = trace(F, ${given})\n`,
      "for node in graph.nodes:\n",
      '    print(node.statement, node.primal.item(), node.adjoint, sep="  |  ")\n',
    ].join("");
  }

  return { read, forward, backward, slope, program, Mistake, FUNCTIONS };
})();
