"use strict";
// How the list and the map show mines that were followed over periods: by the state of a mine in
// the period that the slider is at.
const periods = data.periods;
state.period = periods.findLastIndex((period) => period.is_mapped);
const GREY = "#8a8a86";
const colourOfState = (name) => data.colours[name] || GREY;
const outlineOf = (index) => places[index].outlines[state.period];
// A calendar year by its number, other periods by their days.
const periodText = (period) => (/^\d{4}$/.test(period.name) ? period.name : `${day(period.first_day)} – ${day(period.last_day)}`);
const periodNamed = (name) => periods.find((period) => period.name === name);
const hectares = (area) => (area === null ? _("not observed") : `${number(area, 2)} ha`);
// Growth a year, and its interval below it.
function growthOf(place) {
  if (place.growth_ha_a === null) return "–";
  const interval = `[${number(place.growth_low, 2)}; ${number(place.growth_high, 2)}]`;
  return make("span", {}, number(place.growth_ha_a, 2), " ", make("span", {class: "whole note"}, interval));
}
// From the first to the last period that saw a mine, as years or days.
function seenText(place) {
  const [first, last] = [periodNamed(place.first_seen), periodNamed(place.last_seen)];
  if (!first) return "–";
  const isYear = (period) => /^\d{4}$/.test(period.name);
  const from = isYear(first) ? first.name : day(first.first_day), to = isYear(last) ? last.name : day(last.last_day);
  // Breaks at the dash alone: a day is one word.
  return from === to ? from : make("span", {}, make("span", {class: "whole"}, `${from}–`), make("wbr"), make("span", {class: "whole"}, to));
}
const alertText = (place) => (place.alert ? (place.alert.kind === "new" ? _("alert: new") : _("alert: grown")) : "");
// The area in each period as bars in the colours of states; a dash on the line: not observed.
function sparkline(place, isLarge = false) {
  const most = Math.max(...place.areas, 1e-9), width = 100 / periods.length, height = 28;
  const bars = place.areas.map((area, at) => {
    const x = at * width + 0.08 * width, wide = 0.84 * width, tall = area === null ? 0 : (area / most) * (height - 3);
    const shape = area === null ? {y: height - 2, height: 3, fill: GREY, "fill-opacity": 0.6} : {y: height - tall, height: tall, fill: colourOfState(place.states[at])};
    return drawn("rect", {x, width: wide, ...shape});
  });
  const chosen = drawn("rect", {x: state.period * width, y: height + 2.5, width, height: 1.5, fill: "currentColor"});
  const label = _("Area in each period: {areas}", {areas: place.areas.map((area, at) => `${periodText(periods[at])}: ${hectares(area)}`).join("; ")});
  return drawn("svg", {class: `spark${isLarge ? " large" : ""}`, viewBox: "0 0 100 32", preserveAspectRatio: "none", role: "img", "aria-label": label}, ...bars,
    drawn("line", {x1: 0, x2: 100, y1: height, y2: height}), chosen);
}
const KIND = (() => {
  const columns = [
    {name: "rank", title: _("Rank"), value: (place) => place.rank, cell: (place) => number(place.rank), isNumber: true},
    {name: "state", title: _("State"), value: (place) => word(place.state), cell: (place) => make("span", {}, make("span", {class: "whole"}, word(place.state)), place.alert && make("b", {class: "whole"}, " ", _("alert")))},
    {name: "area_ha", title: _("Area (ha)"), value: (place) => place.area_ha ?? 0, cell: (place) => make("span", {class: "whole"}, number(place.area_ha, 2)), isNumber: true},
    {name: "areas", title: _("Area in each period"), value: (place) => place.grown_ha ?? 0, cell: (place) => sparkline(place), isNumber: true},
    {name: "growth_ha_a", title: _("Growth (ha a year)"), value: (place) => place.growth_ha_a ?? 0, cell: growthOf, isNumber: true},
    {name: "seen", title: _("Seen"), value: (place) => place.first_seen, cell: seenText, isSpare: true},
  ].filter((column) => column.name !== "growth_ha_a" || places.some((place) => place.growth_ha_a !== null));
  const search = make("input", {type: "search"});
  const names = [...new Set(places.map((place) => place.state))].sort();
  const what = choice([["", _("all")], ...names.map((name) => [name, word(name)])]);
  const least = make("input", {type: "number", min: 0, step: "any"});
  const alerts = make("input", {type: "checkbox"}), applicable = make("input", {type: "checkbox"});
  const isWanted = (place) => `${place.rank} ${place.change_id}`.toLowerCase().includes(search.value.trim().toLowerCase())
    && (!what.value || place.state === what.value)
    && (!least.value || (place.area_ha ?? 0) >= Number(least.value))
    && (!alerts.checked || place.alert !== null)
    && (!applicable.checked || place.applicable);
  const mark = (colour, isRound = true) => make("span", {class: `mark${isRound ? " round" : ""}`, style: `background:${colour}`});
  return {
    columns, isWanted,
    filters: [field(_("Search"), search), field(_("State"), what), field(_("At least (ha)"), least),
      make("label", {class: "tick"}, alerts, _("only alerts")), make("label", {class: "tick"}, applicable, _("only where the model applies"))],
    name: (rank) => _("Mine {rank}", {rank}),
    lookAt: (rank) => _("Look at mine {rank}", {rank}),
    count: (shown, all) => _("{shown} of {all} mines", {shown, all}),
    several: (n) => _("{n} mines; zoom in", {n}),
    foot: () => null,
    mapName: _("Map of the mines. Arrow keys move it, plus and minus zoom."),
    colourOf: (place) => colourOfState(place.states[state.period]),
    isRound: (place) => place.alert === null,
    legend: [...Object.entries(data.colours).map(([name, colour]) => [mark(colour), word(name)]),
      [mark(GREY), _("not there, or not observed")], [mark("var(--ground)", false), _("alert")],
      [make("span", {class: "many"}, "9"), _("several mines; zoom in")]],
  };
})();
