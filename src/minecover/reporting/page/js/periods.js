"use strict";
// The slider over the periods: outlines and true colour of the one that it is at.
(() => {
  const NOTHING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
  const count = make("span", {id: "period-count", role: "status"}), name = make("b", {id: "period-name"});
  const slider = make("input", {type: "range", id: "period", min: 0, max: periods.length - 1, step: 1, value: state.period, oninput: () => goTo(Number(slider.value))});
  $("periods").append(make("label", {for: "period"}, _("Period")), name, " ", count, slider,
    make("div", {class: "ends"}, make("span", {}, periodText(periods[0])), make("span", {}, periodText(periods[periods.length - 1]))));
  function show() {
    const period = periods[state.period], areas = places.map((place) => place.areas[state.period]).filter((area) => area > 0);
    slider.value = state.period;
    slider.setAttribute("aria-valuetext", periodText(period));
    name.textContent = periodText(period);
    const hidden = places.filter((place) => place.areas[state.period] === null).length;
    const found = {n: number(areas.length), area: number(areas.reduce((sum, area) => sum + area, 0), 1), hidden: number(hidden)};
    count.textContent = !period.is_mapped ? _("not observed") : hidden ? _("{n} mines, {area} ha; {hidden} not observed", found) : _("{n} mines, {area} ha", found);
    document.body.dataset.period = period.name;
    const layer = state.layers["true colour"];
    if (!layer) return;
    layer.setUrl(period.image?.href ?? NOTHING);
    if (!period.image) return;
    const [west, south, east, north] = period.image.bounds;
    layer.setBounds([[south, west], [north, east]]);
  }
  listeners.push((what) => { if (what === "period") show(); });
  show();
})();
function goTo(period) {
  state.period = period;
  changed("period");
}
