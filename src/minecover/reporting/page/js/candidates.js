"use strict";
// How the list and the map show candidates: columns, filters, marks, legend.
const MOST_SHEETS = 50;
const NEW_COLOUR = "#d55e00", KNOWN_COLOUR = "#0072b2";
const KIND = (() => {
  const has = (name) => places.some((place) => place[name] !== null && place[name] !== undefined && place[name] !== "");
  const columns = [
    {name: "rank", title: _("Rank"), value: (place) => place.rank, cell: (place) => number(place.rank), isNumber: true},
    has("area_ha") && {name: "area_ha", title: _("Area (ha)"), value: (place) => place.area_ha ?? 0, cell: (place) => number(place.area_ha, 2), isNumber: true},
    {name: "max_probability", title: _("Probability"), value: (place) => place.max_probability, cell: (place) => number(place.max_probability, 2), isNumber: true},
    has("province") && {name: "province", title: _("Province"), value: (place) => place.province || "", cell: (place) => place.province || "–", isSpare: true},
    {name: "status", title: _("Status"), value: (place) => statusOf(place), cell: (place) => statusOf(place)},
    {name: "verdict", title: _("Verdict"), value: (place) => verdictOf(place), cell: (place) => verdictOf(place)},
  ].filter(Boolean);

  function statusOf(place) {
    const parts = [place.reason ? word(place.reason) : place.known ? _("known") : _("new")];
    if (place.applicable === false) parts.push(_("not applicable"));
    if (place.at_edge) parts.push(_("at the edge"));
    return parts.join(", ");
  }
  function verdictOf(place) {
    const answer = answerOf(place.candidate_id);
    const others = disagreement(place.candidate_id);
    return (answer.verdict ? word(answer.verdict) : "") + (others ? ` (${_("disagreement")})` : "");
  }

  const search = make("input", {type: "search"});
  const status = choice([["", _("all")], ["new", _("new")], ["known", _("known")]]);
  const verdict = choice([["", _("all")], ["open", _("without verdict")], ["mine", _("mine")], ["not mine", _("not mine")], ["unsure", _("unsure")], ["disagreement", _("disagreement")]]);
  const names = [...new Set(places.map((place) => place.province).filter(Boolean))].sort();
  const province = choice([["", _("all")], ...names.map((name) => [name, name])]);
  const least = make("input", {type: "number", min: 0, step: "any"});
  const applicable = make("input", {type: "checkbox"});
  const filters = [field(_("Search"), search), field(_("Status"), status), field(_("Verdict"), verdict),
    names.length && field(_("Province"), province), has("area_ha") && field(_("At least (ha)"), least),
    has("applicable") && make("label", {class: "tick"}, applicable, _("only where the model applies"))].filter(Boolean);

  function isWanted(place) {
    const text = search.value.trim().toLowerCase();
    const answer = answerOf(place.candidate_id).verdict;
    return (!text || `${place.rank} ${place.candidate_id} ${place.site_id} ${place.province}`.toLowerCase().includes(text))
      && (!status.value || (status.value === "known") === Boolean(place.known))
      && (!province.value || place.province === province.value)
      && (!least.value || (place.area_ha ?? 0) >= Number(least.value))
      && (!applicable.checked || place.applicable !== false)
      && (!verdict.value || (verdict.value === "open" ? !answer : verdict.value === "disagreement" ? disagreement(place.candidate_id) : answer === verdict.value));
  }
  return {
    columns, filters, isWanted,
    name: (rank) => _("Candidate {rank}", {rank}),
    lookAt: (rank) => _("Look at candidate {rank}", {rank}),
    count: (shown, all) => (places.length ? _("Candidates: {shown} of {all}", {shown, all}) : _("There is no candidate. Ground without one may hold a mine too.")),
    several: (n) => _("{n} candidates; zoom in", {n}),
    foot: () => places.length > 0 && make("button", {disabled: !state.shown.length, onclick: () => printSheets(state.shown.slice(0, MOST_SHEETS))}, _("Print the list from its first candidate ({n})", {n: number(Math.min(MOST_SHEETS, state.shown.length))})),
    mapName: _("Map of the candidates. Arrow keys move it, plus and minus zoom."),
    colourOf: (place) => (place.known ? KNOWN_COLOUR : NEW_COLOUR),
    isRound: (place) => Boolean(place.known),
    legend: [
      [make("span", {class: "mark", style: `background:${NEW_COLOUR}`}), _("new candidate")],
      [make("span", {class: "mark round", style: `background:${KNOWN_COLOUR}`}), _("touches a known mine")],
      [make("span", {class: "many"}, "9"), _("several candidates; zoom in")],
      [make("span", {class: "swatch", style: "background:#c9c9c9"}), _("not observed")]],
  };
})();
