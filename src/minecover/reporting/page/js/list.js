"use strict";
// The list: filtered, sorted, a hundred candidates at a time.
(() => {
  const ROWS = 100;
  const has = (name) => places.some((place) => place[name] !== null && place[name] !== undefined && place[name] !== "");
  const columns = [
    {name: "rank", title: _("Rank"), value: (place) => place.rank, cell: (place) => number(place.rank), isNumber: true},
    has("area_ha") && {name: "area_ha", title: _("Area (ha)"), value: (place) => place.area_ha ?? 0, cell: (place) => number(place.area_ha, 2), isNumber: true},
    {name: "max_probability", title: _("Probability"), value: (place) => place.max_probability, cell: (place) => number(place.max_probability, 2), isNumber: true},
    has("province") && {name: "province", title: _("Province"), value: (place) => place.province || "", cell: (place) => place.province || "–"},
    {name: "status", title: _("Status"), value: (place) => statusOf(place), cell: (place) => statusOf(place)},
    {name: "verdict", title: _("Verdict"), value: (place) => verdictOf(place), cell: (place) => verdictOf(place)},
  ].filter(Boolean);
  const sort = {name: "rank", isDown: false};
  let first = 0;

  function statusOf(place) {
    const parts = [place.reason ? word(place.reason) : place.known ? _("known") : _("new")];
    if (place.applicable === false) parts.push(_("extrapolated"));
    if (place.at_edge) parts.push(_("at the edge"));
    return parts.join(", ");
  }
  function verdictOf(place) {
    const answer = answerOf(place.candidate_id);
    const others = disagreement(place.candidate_id);
    return (answer.verdict ? word(answer.verdict) : "") + (others ? ` (${_("disagreement")})` : "");
  }

  const field = (title, control) => make("label", {}, title, control);
  const choice = (options) => make("select", {onchange: refresh}, ...options.map(([value, text]) => make("option", {value}, text)));
  const search = make("input", {type: "search", oninput: refresh});
  const status = choice([["", _("all")], ["new", _("new")], ["known", _("known")]]);
  const verdict = choice([["", _("all")], ["open", _("without verdict")], ["mine", _("mine")], ["not mine", _("not mine")], ["unsure", _("unsure")], ["disagreement", _("disagreement")]]);
  const names = [...new Set(places.map((place) => place.province).filter(Boolean))].sort();
  const province = choice([["", _("all")], ...names.map((name) => [name, name])]);
  const least = make("input", {type: "number", min: 0, step: "any", oninput: refresh});
  const applicable = make("input", {type: "checkbox", onchange: refresh});
  $("filters").append(field(_("Search"), search), field(_("Status"), status), field(_("Verdict"), verdict));
  if (names.length) $("filters").append(field(_("Province"), province));
  if (has("area_ha")) $("filters").append(field(_("At least (ha)"), least));
  if (has("applicable")) $("filters").append(make("label", {class: "tick"}, applicable, _("only where the model applies")));

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
  function refresh() {
    const column = columns.find((one) => one.name === sort.name), sign = sort.isDown ? -1 : 1;
    const keys = places.map(column.value);
    const compare = column.isNumber ? (a, b) => keys[a] - keys[b] : (a, b) => keys[a].localeCompare(keys[b], data.lang);
    state.shown = places.map((place, index) => index).filter((index) => isWanted(places[index]))
      .sort((a, b) => sign * compare(a, b) || a - b);
    first = 0;
    render();
    changed("filter");
  }
  function render() {
    $("list-head").replaceChildren(...columns.map((column) => make("th", {
      scope: "col", class: column.isNumber ? "right" : null,
      "aria-sort": column.name === sort.name ? (sort.isDown ? "descending" : "ascending") : null,
    }, make("button", {onclick: () => {
      sort.isDown = column.name === sort.name && !sort.isDown;
      sort.name = column.name;
      refresh();
    }}, column.title))));
    const rows = state.shown.slice(first, first + ROWS);
    $("list-body").replaceChildren(...rows.map((index) => make("tr", {"data-index": index, class: index === state.index ? "chosen" : null, onclick: () => choose(index)},
      ...columns.map((column, n) => make("td", {class: column.isNumber ? "right" : null},
        n ? column.cell(places[index]) : make("button", {"aria-label": _("Look at candidate {rank}", {rank: places[index].rank})}, column.cell(places[index])))))));
    $("list-count").textContent = _("{shown} of {all} candidates", {shown: number(state.shown.length), all: number(places.length)});
    const turn = (by) => { first += by; render(); $("list-view").scrollIntoView({block: "nearest"}); };
    const last = Math.min(first + ROWS, state.shown.length);
    $("pages").replaceChildren(...(state.shown.length <= ROWS ? [] : [
      make("button", {disabled: first === 0, onclick: () => turn(-ROWS)}, _("Previous")),
      make("span", {}, _("{first} to {last}", {first: number(first + 1), last: number(last)})),
      make("button", {disabled: last === state.shown.length, onclick: () => turn(ROWS)}, _("Next"))]),
      make("button", {disabled: !state.shown.length, onclick: () => printSheets(state.shown.slice(0, 50))}, _("Print the first {n} of the list", {n: number(Math.min(50, state.shown.length))})));
  }
  listeners.push((what) => {
    if (what === "answer") render();
    if (what === "place") {
      $("list-view").hidden = state.index !== null;
      if (state.index === null) render();
    }
  });
  render();
})();
