"use strict";
// One mine: what became of it, before and after, its area in each period.
(() => {
  const EARTH_M = 6378137, MARGIN = 1.8, LEAST_M = 900;
  const mercator = (lat) => EARTH_M * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
  const along = (lon) => (EARTH_M * lon * Math.PI) / 180;
  const ringsIn = (shape) => (shape === null ? [] : shape.type === "Polygon" ? shape.coordinates : shape.coordinates.flat());

  // A crop of the true colour of a period, in metres of Web Mercator from the middle of the mine.
  function crop(place, at) {
    const ever = ringsIn(place.geometry).flat(), x = ever.map(([lon]) => along(lon)), y = ever.map(([, lat]) => mercator(lat));
    const middle = (all) => (Math.min(...all) + Math.max(...all)) / 2, size = (all) => Math.max(...all) - Math.min(...all);
    const [left, top] = [middle(x), middle(y)], side = Math.max(MARGIN * Math.max(size(x), size(y)), LEAST_M);
    const toView = ([lon, lat]) => [(along(lon) - left).toFixed(1), (top - mercator(lat)).toFixed(1)];
    const {image} = periods[at], parts = [];
    if (image) {
      const [west, south, east, north] = image.bounds;
      parts.push(drawn("image", {href: image.href, x: along(west) - left, y: top - mercator(north), width: along(east) - along(west), height: mercator(north) - mercator(south), preserveAspectRatio: "none"}));
    }
    const d = pathOf(ringsIn(place.outlines[at]).map((ring) => ring.map(toView)));
    if (d) parts.push(drawn("path", {d, class: "under"}), drawn("path", {d, class: "over", style: `stroke:${colourOfState(place.states[at])}`}));
    const box = [-side / 2, -side / 2, side];
    return make("figure", {class: "picture"},
      drawn("svg", {viewBox: `${box[0]} ${box[1]} ${side} ${side}`, role: "img", "aria-label": `${_("true colour")}, ${periodText(periods[at])}`}, ...parts,
        ...scaleBar({pixel_m: Math.cos((place.lat * Math.PI) / 180)}, box)),
      make("figcaption", {}, make("b", {}, periodText(periods[at])), `, ${word(place.states[at])}, ${hectares(place.areas[at])}`));
  }
  function throughTime(place) {
    return make("table", {class: "list through"},
      make("thead", {}, make("tr", {}, ...[_("Period"), _("State"), _("Area (ha)")].map((title, n) => make("th", {scope: "col", class: n === 2 ? "right" : null}, title)))),
      make("tbody", {}, ...periods.map((period, at) => make("tr", {class: at === state.period ? "chosen" : null, onclick: () => goTo(at)},
        make("td", {}, make("button", {id: `period-${at}`, "aria-pressed": String(at === state.period)}, periodText(period))),
        make("td", {}, place.areas[at] === null ? _("not observed") : word(place.states[at])),
        make("td", {class: "right"}, number(place.areas[at], 2))))));
  }
  function show() {
    const box = $("place-view"), focused = document.activeElement?.id;
    box.hidden = state.index === null;
    document.body.dataset.shown = state.index === null ? "" : state.index;
    if (state.index === null) { box.replaceChildren(); return; }
    const place = places[state.index], seen = periods.map((period, at) => at).filter((at) => place.areas[at] !== null);
    const first = periodNamed(place.first_seen), {alert} = place;
    const ends = seen.length > 1 ? [seen[0], seen[seen.length - 1]] : seen;
    box.replaceChildren(placeBar(), placeTitle(place, place.change_id),
      make("div", {class: "chips"}, chip(word(place.state)), alert && chip(`${alertText(place)}, +${number(alert.grown_ha, 2)} ha`, true), !place.applicable && chip(_("the model is not applicable here"), true)),
      make("dl", {class: "facts"}, fact(_("Area"), `${number(place.area_ha, 2)} ha`), fact(_("Grown"), `${number(place.grown_ha, 2)} ha`),
        fact(_("Growth (ha a year)"), growthOf(place)),
        fact(_("First seen"), first ? (place.areas[seen[0]] > 0 ? _("{period} or earlier", {period: periodText(first)}) : periodText(first)) : "–"),
        fact(_("Last seen"), periodNamed(place.last_seen) ? periodText(periodNamed(place.last_seen)) : "–"),
        fact(_("Confidence"), number(place.confidence, 2))),
      links(place),
      make("h3", {}, _("Before and after")), make("div", {class: "dates few"}, ...ends.map((at) => crop(place, at))),
      make("p", {class: "note"}, _("Each picture has a contrast of its own: compare shapes rather than brightness.")),
      make("h3", {}, _("Area in each period")), sparkline(place, true), throughTime(place));
    if (focused && focused !== document.activeElement?.id) $(focused)?.focus({preventScroll: true});
  }
  listeners.push((what) => {
    if (["place", "period", "picture"].includes(what)) show();
    if (what === "place") focusOnPlace();
  });
  const keys = {ArrowLeft: () => step(-1), ArrowRight: () => step(1), Escape: () => choose(null)};
  document.addEventListener("keydown", (event) => {
    if (state.index === null || !(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select") || event.target.closest("#map")) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.body.dataset.ready = "yes";
})();
