"use strict";
// Parts of the view of one place that candidates and mines share.
const pathOf = (rings) => rings.map((ring) => "M" + ring.map((point) => point.join(",")).join("L") + "Z").join("");

function scaleBar(pictures, [left, top, side], size = 0.075) {
  const metres = [50, 100, 200, 500, 1000, 2000, 5000].filter((one) => one <= 0.4 * side * pictures.pixel_m).pop() || 50;
  const length = metres / pictures.pixel_m, x = left + 0.05 * side, y = top + 0.93 * side;
  const bar = (width, colour) => drawn("path", {d: `M${x},${y}h${length}`, style: `stroke:${colour};stroke-width:${width}`});
  const name = metres < 1000 ? `${number(metres)} m` : `${number(metres / 1000)} km`;
  const text = drawn("text", {x, y: y - 0.03 * side, style: `font-size:${size * side}px;stroke-width:${0.27 * size * side}px`}, name);
  return [bar(6, "#000"), bar(3, "#fff"), text];
}
function links(place) {
  const {lat, lon} = place, link = (href, text) => make("a", {href, target: "_blank", rel: "noopener noreferrer"}, text);
  const said = make("span", {role: "status"});
  const copy = make("button", {onclick: async () => {
    try { await navigator.clipboard.writeText(coordinates(place)); said.textContent = _("Copied."); } catch (error) {
      getSelection().selectAllChildren(text);
      said.textContent = _("Selected; press Ctrl and C.");
    }
  }}, _("Copy"));
  const text = make("span", {id: "coordinates"}, coordinates(place));
  const online = document.body.dataset.online === "yes" ? [
    link(`https://earth.google.com/web/@${lat},${lon},0a,4000d,35y,0h,0t,0r`, "Google Earth"),
    link(`https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=15/${lat}/${lon}`, "OpenStreetMap"),
    link(`https://browser.dataspace.copernicus.eu/?zoom=15&lat=${lat}&lng=${lon}`, "Copernicus Browser")] : [];
  const files = [["kmz", _("open in Google Earth")], ["qgs", _("open in QGIS")]].filter(([kind]) => data.files[kind]).map(([kind, name]) => make("a", {href: data.files[kind]}, name));
  return make("div", {class: "bar"}, make("span", {}, _("Latitude, longitude:"), " "), text, copy, said, ...files, ...online);
}
const chip = (text, isWarning) => make("span", {class: `chip${isWarning ? " warn" : ""}`}, text);
const fact = (title, text) => text !== null && make("div", {}, make("dt", {}, title), make("dd", {}, text));
// The buttons above a place: back to the list, to its neighbours in the list, and others.
function placeBar(...others) {
  const at = state.shown.indexOf(state.index);
  return make("div", {class: "bar"}, make("button", {id: "back", onclick: () => choose(null)}, _("Back to the list")),
    make("button", {id: "previous", disabled: at <= 0, onclick: () => step(-1)}, make("kbd", {}, "←"), " ", _("Previous")),
    make("button", {id: "next", disabled: at < 0 || at === state.shown.length - 1, onclick: () => step(1)}, _("Next"), " ", make("kbd", {}, "→")),
    ...others);
}
const placeTitle = (place, id) => make("h2", {id: "place-title", tabindex: -1}, KIND.name(number(place.rank)), " ", make("span", {class: "note"}, id));
// Scrolls to a place that was just chosen, or back in the list to the one that was looked at.
let looked = null;
function focusOnPlace() {
  $("panel").scrollTop = 0;
  if (state.index === null) {
    const row = `tr[data-index="${looked}"] button`;
    // When all listeners are through, the list is there again.
    queueMicrotask(() => (document.querySelector(row) || $("panel")).focus());
    return;
  }
  looked = state.index;
  if (window.innerWidth <= 900) $("panel").scrollIntoView();
  $("place-title").focus({preventScroll: true});
}
