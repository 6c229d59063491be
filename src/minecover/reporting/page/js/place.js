"use strict";
// One candidate: what is known of it, every date in one stretch, before and after, coordinates.
const view = {zoom: 1, composite: "true colour", isOutlined: true, before: null, after: null, share: 0.5, drawing: null, cross: null};

function outlineOf(index) {
  const place = places[index];
  return answerOf(place.candidate_id).geometry || place.geometry;
}

// The part of the pictures that is shown, [left, top, side] in pixels: the candidate in its middle.
function shownPart(pictures) {
  const [width, height] = pictures.size, points = pictures.outlines.candidate.flat();
  const x = points.map((point) => point[0]), y = points.map((point) => point[1]);
  const middle = (all, side) => (all.length ? (Math.min(...all) + Math.max(...all)) / 2 : side / 2);
  const side = Math.min(width, height) / view.zoom;
  const within = (centre, size) => Math.max(0, Math.min(centre - side / 2, size - side));
  return [within(middle(x, width), width), within(middle(y, height), height), side];
}
function outlinePaths(pictures) {
  const paths = [];
  if (view.isOutlined) {
    for (const [name, rings] of Object.entries(pictures.outlines)) {
      const d = pathOf(rings);
      if (d) paths.push(drawn("path", {d, class: "under"}), drawn("path", {d, class: `over ${name}`}));
    }
  }
  const own = view.drawing || pictures.redrawn;
  if (own && own.length) {
    const d = "M" + own.map((point) => point.map((v) => v.toFixed(2)).join(",")).join("L") + (view.drawing ? "" : "Z");
    paths.push(drawn("path", {d, class: "under"}), drawn("path", {d, class: "over drawn"}));
  }
  if (view.cross) {
    const [x, y] = view.cross, d = `M${x - 2},${y}h4M${x},${y - 2}v4`;
    paths.push(drawn("path", {d, class: "under"}), drawn("path", {d, class: "over drawn"}));
  }
  return paths;
}
// A picture of the strip, drawn by moving the strip behind a square.
function picture(pictures, plane, extra = []) {
  const [width, height] = pictures.size, [left, top, side] = shownPart(pictures);
  const [name, iso] = pictures.planes[plane];
  const label = `${word(name)}${iso ? `, ${day(iso)}` : ""}`;
  const image = drawn("image", {href: pictures.href, x: 0, y: -plane * height, width, height: height * pictures.planes.length});
  const frame = drawn("svg", {x: 0, y: 0, width, height, viewBox: `0 0 ${width} ${height}`}, image);
  return drawn("svg", {viewBox: `${left} ${top} ${side} ${side}`, role: "img", "aria-label": label}, frame, ...extra, ...outlinePaths(pictures), ...scaleBar(pictures, [left, top, side]));
}
const planesOf = (pictures, name) => pictures.planes.map((plane, index) => [...plane, index]).filter((plane) => plane[0] === name);

// The outlines that the pictures of a candidate have, in their colours.
function outlineKey(pictures) {
  const names = Object.entries(pictures.outlines).filter(([, rings]) => rings.length).map(([name]) => [name, word(name)]);
  if (pictures.redrawn) names.push(["drawn", _("redrawn")]);
  return make("p", {class: "outline-key"}, ...names.map(([name, text]) => make("span", {class: "key"},
    drawn("svg", {viewBox: "0 0 22 8", "aria-hidden": "true"}, drawn("path", {d: "M1,4h20", class: "under"}), drawn("path", {d: "M1,4h20", class: `over ${name}`})), text)));
}
function datePictures(pictures, composite) {
  const dates = planesOf(pictures, composite);
  return make("div", {class: `dates${dates.length < 4 ? " few" : ""}`}, ...dates.map(([, iso, plane]) => make("figure", {class: "picture"},
    picture(pictures, plane), make("figcaption", {}, make("b", {}, day(iso)), word(pictures.seen[iso] || "") ? `, ${word(pictures.seen[iso])}` : ""))));
}
function comparison(pictures) {
  const dates = planesOf(pictures, view.composite);
  if (dates.length < 2) return null;
  const clear = dates.filter(([, iso]) => pictures.seen[iso] !== "hidden"), ends = clear.length > 1 ? clear : dates;
  const named = (iso) => dates.find((one) => one[1] === iso);
  const before = named(view.before) || ends[0], after = named(view.after) || ends[ends.length - 1];
  const [left, top, side] = shownPart(pictures), [width, height] = pictures.size;
  const clip = drawn("rect", {x: left, y: top, width: side * view.share, height: side});
  const line = drawn("path", {class: "divider"});
  const part = (plane, attributes) => drawn("g", attributes, drawn("svg", {width, height, viewBox: `0 0 ${width} ${height}`},
    drawn("image", {href: pictures.href, y: -plane * height, width, height: height * pictures.planes.length})));
  const set = (share) => {
    view.share = share;
    clip.setAttribute("width", side * share);
    line.setAttribute("d", `M${left + side * share},${top}v${side}`);
  };
  set(view.share);
  const svg = drawn("svg", {viewBox: `${left} ${top} ${side} ${side}`, role: "img", "aria-label": _("{before} on the left, {after} on the right", {before: day(before[1]), after: day(after[1])})},
    drawn("clipPath", {id: "before-part"}, clip), part(after[2], {}), part(before[2], {"clip-path": "url(#before-part)"}), ...outlinePaths(pictures), line, ...scaleBar(pictures, [left, top, side], 0.035));
  const options = (chosen, name) => make("select", {"aria-label": name, onchange: (event) => { view[name === _("Before") ? "before" : "after"] = event.target.value; changed("picture"); }},
    ...dates.map(([, iso]) => make("option", {value: iso, selected: iso === chosen[1]}, day(iso))));
  return make("div", {class: "compare"}, make("h3", {}, _("Before and after")),
    make("figure", {class: "picture"}, svg),
    make("input", {type: "range", min: 0, max: 1, step: 0.01, value: view.share, "aria-label": _("Share of the earlier picture"), oninput: (event) => set(Number(event.target.value))}),
    make("div", {class: "bar"}, options(before, _("Before")), make("span", {class: "bar end"}, options(after, _("After")))));
}
function factList(place) {
  const metres = (value) => (value === null || value === undefined ? null : `${number(value)} m`);
  return make("dl", {class: "facts"},
    fact(_("Area"), place.area_ha === undefined ? null : `${number(place.area_ha, 2)} ha`),
    fact(_("Probability, highest and mean"), `${number(place.max_probability, 2)} / ${number(place.mean_probability, 2)}`),
    fact(_("Dates that look mined"), place.dates_valid === undefined ? null : place.dates_seen === null ? "–" : _("{seen} of {all}", {seen: number(place.dates_seen), all: number(place.dates_valid)})),
    fact(_("First seen"), place.first_seen ? day(place.first_seen) : null),
    fact(_("Province"), place.province || null),
    fact(_("To water"), metres(place.to_water_m)), fact(_("To a road"), metres(place.to_road_m)), fact(_("To a known mine"), metres(place.to_known_mine_m)));
}
function chips(place) {
  return make("div", {class: "chips"}, chip(place.reason ? word(place.reason) : place.known ? _("touches a known mine") : _("new")),
    place.applicable === false && chip(_("the model is not applicable here"), true),
    place.at_edge && chip(_("ground beside it was not observed"), true),
    place.dates_seen === 0 && chip(_("no date alone shows it"), true));
}
(() => {
  const redraw = (change) => () => { change(); changed("picture"); };
  const press = (text, isOn, change) => make("button", {"aria-pressed": String(isOn), onclick: redraw(change)}, text);
  function addPictures(box, pictures) {
    const has = (name) => planesOf(pictures, name).length > 0;
    if (!has(view.composite)) view.composite = has("true colour") ? "true colour" : "infrared";
    box.append(make("h3", {}, _("Every date, in one stretch")),
      make("div", {class: "bar"},
        has("true colour") && press(_("true colour"), view.composite === "true colour", () => { view.composite = "true colour"; }),
        has("infrared") && press(_("infrared"), view.composite === "infrared", () => { view.composite = "infrared"; }),
        press(_("outlines"), view.isOutlined, () => { view.isOutlined = !view.isOutlined; }),
        make("button", {"aria-label": _("Zoom in"), onclick: redraw(() => { view.zoom = Math.min(view.zoom * 1.5, 12); })}, "+"),
        make("button", {"aria-label": _("Zoom out"), onclick: redraw(() => { view.zoom = Math.max(view.zoom / 1.5, 1); })}, "−")),
      datePictures(pictures, view.composite), view.isOutlined ? outlineKey(pictures) : "", reviewBox(places[state.index]), comparison(pictures) || "",
      make("h3", {}, _("Probability over all dates")),
      make("div", {class: "dates few"}, make("figure", {class: "picture"}, picture(pictures, pictures.planes.length - 1),
        make("figcaption", {}, make("div", {class: "scale", role: "img", "aria-label": _("Probability from 0, black, to 1, pale yellow")}, make("i", {style: `left:${(100 * data.threshold).toFixed(1)}%`})),
          make("div", {class: "ends"}, make("span", {}, number(0)), make("span", {}, _("from {threshold} on a mine", {threshold: number(data.threshold, 2)})), make("span", {}, number(1)))))));
  }
  function show() {
    const box = $("place-view");
    box.hidden = state.index === null;
    document.body.dataset.shown = state.index === null ? "" : state.index;
    if (state.index === null) { box.replaceChildren(); return; }
    const place = places[state.index], pictures = place.pictures, focused = document.activeElement?.id;
    if (pictures) pictures.redrawn = answerOf(place.candidate_id).drawn;
    box.classList.toggle("drawing", Boolean(view.drawing));
    box.replaceChildren(
      placeBar(make("button", {onclick: () => printSheets([state.index])}, _("Print"))),
      placeTitle(place, place.candidate_id),
      chips(place), factList(place), links(place));
    if (pictures) addPictures(box, pictures);
    else box.append(make("p", {class: "note"}, _("This candidate has no pictures on this page. Look at it in QGIS or Google Earth.")), reviewBox(place));
    box.append(verdictBar(place));
    // What had the focus was made anew.
    if (focused && focused !== document.activeElement?.id) $(focused)?.focus({preventScroll: true});
    for (const svg of box.querySelectorAll("figure svg[viewBox]")) if (view.drawing && svg.getAttribute("role")) svg.addEventListener("click", (event) => addPoint(svg, event));
  }
  listeners.push((what) => {
    if (what === "place") {
      view.drawing = view.cross = null;
      view.before = view.after = null;
      show();
      focusOnPlace();
    } else if (what === "picture" || what === "answer") show();
  });
})();
