"use strict";
// The review: buttons and keys for a verdict, what it is, its dates, a new outline, progress.
// The verdict stays in view below the pictures, so that it can be given while looking at them.
function verdictBar(place) {
  const id = place.candidate_id, own = answerOf(id);
  const press = (name, key, isOn, click, attributes = {}) => make("button", {"aria-pressed": String(isOn), onclick: click, ...attributes}, make("kbd", {}, key), " ", name);
  const verdicts = Object.entries(data.verdicts).map(([key, verdict]) => press(word(verdict), key, own.verdict === verdict, () => give(verdict), {"data-verdict": verdict, id: `verdict-${key}`}));
  const kinds = Object.entries(data.look_alikes).map(([key, kind]) => press(word(kind), key, own.what === kind, () => answer(id, {what: kind}), {"data-what": kind, id: `what-${key}`}));
  return make("section", {class: "verdicts", "aria-label": _("Verdict")},
    make("div", {class: "bar"}, make("b", {}, _("Is it a mine?")), ...verdicts,
      make("button", {id: "clear", disabled: !own.verdict, onclick: () => answer(id, null)}, make("kbd", {}, "x"), " ", _("no verdict")),
      make("button", {id: "undo", disabled: !answers.undo.length, onclick: undo}, make("kbd", {}, "z"), " ", _("undo"))),
    own.verdict === "not mine" ? make("div", {class: "bar", id: "kinds"}, _("What is it?"), ...kinds) : null);
}
function reviewBox(place) {
  const id = place.candidate_id, own = answerOf(id), pictures = place.pictures;
  const dates = pictures ? Object.keys(pictures.seen) : [];
  const select = (name, title) => make("label", {}, title, " ", make("select", {id: name, onchange: (event) => answer(id, {[name]: event.target.value})},
    make("option", {value: ""}, _("not said")), ...dates.map((iso) => make("option", {value: iso, selected: own[name] === iso}, day(iso)))));
  const why = make("textarea", {rows: 2, id: "why", oninput: () => explain(id, why.value)});
  why.value = own.why || "";
  const others = disagreement(id);
  return make("section", {class: "review", "aria-label": _("Reason and outline")},
    others ? make("p", {class: "warning"}, _("Reviewers disagree."), " ", others) : null,
    own.verdict === "mine" && dates.length ? make("div", {class: "bar"}, select("seen_from", _("Mined at least from")), select("seen_to", _("to"))) : null,
    make("label", {}, _("Reason: what you see on the dates"), why),
    pictures ? make("div", {class: "bar"},
      view.drawing
        ? make("span", {}, _("Click the corners of the mine in any picture, or move the cross with the arrow keys and set a corner with the space bar."), " ", make("button", {id: "finish", disabled: view.drawing.length < 3, onclick: finishDrawing}, make("kbd", {}, "Enter"), " ", _("finish")), " ", make("button", {id: "cancel", onclick: () => draw(null)}, make("kbd", {}, "Esc"), " ", _("cancel")))
        : make("button", {id: "draw", onclick: () => draw([])}, make("kbd", {}, "d"), " ", _("Redraw the outline")),
      own.drawn && !view.drawing ? make("button", {id: "as-found", onclick: () => answer(id, {geometry: null, drawn: null})}, _("Outline as found")) : null) : null);
}
function give(verdict) {
  answer(places[state.index].candidate_id, {verdict});
}
function draw(points) {
  view.drawing = points;
  if (!points) view.cross = null;
  else if (!view.cross) {
    const [left, top, side] = shownPart(places[state.index].pictures);
    view.cross = [left + side / 2, top + side / 2];
  }
  changed("picture");
}
// The arrow keys move a cross over the pictures, with Shift in longer steps [px].
function moveCross(right, down, isFar) {
  const {size} = places[state.index].pictures, by = isFar ? 5 : 1;
  view.cross = [right, down].map((way, axis) => Math.min(Math.max(view.cross[axis] + by * way, 0), size[axis]));
  changed("picture");
}
// A click in a picture adds a corner to the new outline.
function addPoint(svg, event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  draw([...view.drawing, [at.x, at.y]]);
}
function finishDrawing() {
  const place = places[state.index], [width, height] = place.pictures.size, [a, b, c, d] = place.pictures.corners;
  const points = view.drawing;
  if (!points || points.length < 3) return;
  const degrees = points.map(([x, y]) => {
    const u = x / width, v = y / height;
    return [0, 1].map((axis) => Number(((1 - v) * ((1 - u) * a[axis] + u * b[axis]) + v * ((1 - u) * d[axis] + u * c[axis])).toFixed(7)));
  });
  view.drawing = view.cross = null;
  const area = degrees.reduce((sum, [x, y], n) => { const [p, q] = degrees[(n + 1) % degrees.length]; return sum + x * q - p * y; }, 0);
  if (area < 0) degrees.reverse();
  answer(place.candidate_id, {geometry: {type: "Polygon", coordinates: [[...degrees, degrees[0]]]}, drawn: points});
}
(() => {
  const who = make("input", {id: "who", autocomplete: "name", value: answers.who, oninput: () => rename(who.value)});
  const file = make("input", {type: "file", id: "load", accept: ".geojson,.json", hidden: true, multiple: true, onchange: async () => {
    const texts = [];
    for (const one of file.files) texts.push(await load(one));
    said(texts.join(" "));
    file.value = "";
    who.value = answers.who;
  }});
  const count = make("p", {id: "count"}), bar = make("progress", {"aria-label": _("Progress of the review"), max: Math.max(places.length, 1)}), compared = make("div", {id: "compared"});
  // Who speaks to the computer, or whose screen reader takes letters, switches them off.
  const letters = make("input", {type: "checkbox", id: "letters", checked: true});
  const unkept = make("p", {class: "warning", hidden: true}, _("This browser keeps nothing of this page. Save your verdicts as a file before you close it."));
  $("progress-view").append(make("h2", {}, _("Review")), count, bar,
    make("div", {class: "bar"}, make("label", {}, _("Reviewer"), " ", who), make("button", {id: "save", onclick: save}, make("kbd", {}, "s"), " ", _("Save as a file")),
      make("button", {onclick: () => file.click()}, _("Open saved files")), file),
    make("p", {id: "said", class: "status", role: "status"}), unkept, compared,
    make("p", {class: "note"}, _("Keys: m, n, u give a verdict, a digit says what it is, x takes it back, z undoes, ← and → go through the list, w writes a reason, d redraws the outline, s saves. Verdicts stay in this browser until you save them.")),
    make("label", {class: "key"}, letters, _("Letters and digits are keys")));
  function progress() {
    const n = places.filter((place) => answerOf(place.candidate_id).verdict).length;
    count.textContent = _("{n} of {all} answered", {n: number(n), all: number(places.length)});
    bar.value = n;
    unkept.hidden = answers.isKept;
    compared.replaceChildren(...Object.entries(answers.others).map(([name, their]) => {
      const {n: both, observed, kappa} = agreement(answers.own, their);
      return make("p", {}, both
        ? _("With {who}: candidates that both judged: {n}; verdicts alike: {share} %; Cohen's kappa: {kappa}.", {who: name, n: number(both), share: number(100 * observed), kappa: number(kappa, 2)})
        : _("{who} and you judged no candidate in common.", {who: name}));
    }));
  }
  listeners.push((what) => { if (what === "answer") progress(); });
  progress();
  // Another tab of this page gave a verdict, or this one comes to the front again.
  const refresh = () => {
    const before = JSON.stringify(answers.own);
    recall();
    if (document.activeElement !== who) who.value = answers.who;
    if (JSON.stringify(answers.own) !== before) changed("answer");
  };
  window.addEventListener("storage", (event) => event.key === STORE && refresh());
  window.addEventListener("focus", refresh);

  const id = () => places[state.index].candidate_id;
  const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), x: () => answer(id(), null), z: undo, s: save,
    w: () => $("why").focus(), d: () => places[state.index].pictures && draw(view.drawing ? null : []),
    Enter: () => view.drawing && finishDrawing(), Escape: () => (view.drawing ? draw(null) : choose(null)), Backspace: () => view.drawing && draw(view.drawing.slice(0, -1)),
  };
  const drawingKeys = {
    ArrowLeft: (isFar) => moveCross(-1, 0, isFar), ArrowRight: (isFar) => moveCross(1, 0, isFar),
    ArrowUp: (isFar) => moveCross(0, -1, isFar), ArrowDown: (isFar) => moveCross(0, 1, isFar),
    " ": () => draw([...view.drawing, view.cross]),
  };
  for (const [key, verdict] of Object.entries(data.verdicts)) keys[key] = () => give(verdict);
  for (const [key, what] of Object.entries(data.look_alikes)) keys[key] = () => answerOf(id()).verdict === "not mine" && answer(id(), {what});
  document.addEventListener("keydown", (event) => {
    // Keys that a field takes itself; a slider takes the arrows alone.
    if (event.target.matches("input:not([type=range], [type=checkbox]), textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
    const isPressed = event.key === " " || (event.key === "Enter" && !view.drawing);
    const isButton = event.target.matches("button, a, summary, .leaflet-marker-icon") && isPressed;
    const action = (view.drawing && drawingKeys[event.key]) || keys[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || isButton || event.target.closest("#map") || !action) return;
    if (!letters.checked && /^[a-z0-9]$/.test(event.key)) return;
    if (state.index === null && !["s", "z"].includes(event.key)) return;
    event.preventDefault();
    action(event.shiftKey);
  });
})();
