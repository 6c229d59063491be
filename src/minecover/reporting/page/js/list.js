"use strict";
// The list: filtered, sorted, a hundred places at a time.
(() => {
  const ROWS = 100;
  const {columns} = KIND;
  // Columns to spare are left out on a phone.
  const classOf = (column) => (column.isNumber ? "right" : column.isSpare ? "spare" : null);
  const sort = {name: "rank", isDown: false};
  let first = 0;

  $("filters").append(...KIND.filters);
  $("filters").addEventListener("input", refresh);

  function refresh() {
    const column = columns.find((one) => one.name === sort.name), sign = sort.isDown ? -1 : 1;
    const keys = places.map(column.value);
    const compare = column.isNumber ? (a, b) => keys[a] - keys[b] : (a, b) => keys[a].localeCompare(keys[b], data.lang);
    state.shown = places.map((place, index) => index).filter((index) => KIND.isWanted(places[index]))
      .sort((a, b) => sign * compare(a, b) || a - b);
    first = 0;
    render();
    changed("filter");
  }
  function render() {
    $("list-head").replaceChildren(...columns.map((column) => make("th", {
      scope: "col", class: classOf(column),
      "aria-sort": column.name === sort.name ? (sort.isDown ? "descending" : "ascending") : null,
    }, make("button", {onclick: () => {
      sort.isDown = column.name === sort.name && !sort.isDown;
      sort.name = column.name;
      refresh();
    }}, column.title))));
    const rows = state.shown.slice(first, first + ROWS);
    $("list-body").replaceChildren(...rows.map((index) => make("tr", {"data-index": index, class: index === state.index ? "chosen" : null, onclick: () => choose(index)},
      ...columns.map((column, n) => make("td", {class: classOf(column)},
        n ? column.cell(places[index]) : make("button", {"aria-label": KIND.lookAt(places[index].rank)}, column.cell(places[index])))))));
    $("list-count").textContent = KIND.count(number(state.shown.length), number(places.length));
    const turn = (by) => { first += by; render(); $("list-view").scrollIntoView({block: "nearest"}); };
    const last = Math.min(first + ROWS, state.shown.length);
    $("pages").replaceChildren(...(state.shown.length <= ROWS ? [] : [
      make("button", {disabled: first === 0, onclick: () => turn(-ROWS)}, _("Previous")),
      make("span", {}, _("{first} to {last}", {first: number(first + 1), last: number(last)})),
      make("button", {disabled: last === state.shown.length, onclick: () => turn(ROWS)}, _("Next"))]),
      KIND.foot() || "");
  }
  listeners.push((what) => {
    if (what === "answer" || what === "period") render();
    if (what === "place") {
      $("list-view").hidden = state.index !== null;
      if (state.index === null) render();
    }
  });
  render();
})();
