"use strict";
// The map: layers with their opacity, places in the colours of the legend, clusters when far.
(() => {
  const CLUSTER_PX = 58, OUTLINES_FROM_ZOOM = 11, MOST_OUTLINES = 400, APART_FROM_ZOOM = 14;
  const map = L.map("map", {preferCanvas: true, minZoom: 2, maxZoom: 18, zoomSnap: 0.25, attributionControl: false});
  const base = L.canvas({padding: 0.3});
  const marks = L.layerGroup().addTo(map), outlines = L.layerGroup().addTo(map);
  L.control.scale({imperial: false}).addTo(map);
  map.createPane("ground").style.zIndex = 250;
  map.getContainer().setAttribute("aria-label", KIND.mapName);
  for (const [button, name] of [[map.zoomControl._zoomInButton, _("Zoom in")], [map.zoomControl._zoomOutButton, _("Zoom out")]]) {
    button.title = name;
    button.setAttribute("aria-label", name);
  }

  const list = $("layer-list"), keys = KIND.legend.slice();
  function toggle(name, layer, isOn, symbol, slider) {
    const set = (on) => (on ? layer.addTo(map) : layer.remove());
    const box = make("input", {type: "checkbox", checked: isOn, onchange: () => set(box.checked)});
    set(isOn);
    const opacity = slider && make("input", {type: "range", min: 0, max: 1, step: 0.05, value: slider,
      "aria-label": _("Opacity of {layer}", {layer: name}), oninput: () => layer.setOpacity(Number(opacity.value))});
    list.append(make("div", {}, make("label", {}, box, symbol, name), opacity));
    return layer;
  }
  for (const overlay of data.overlays) {
    const [west, south, east, north] = overlay.bounds, isColour = overlay.name === "true colour";
    const opacity = isColour ? 1 : 0.75;
    const layer = L.imageOverlay(overlay.href, [[south, west], [north, east]], {pane: "ground", opacity, zIndex: isColour ? 1 : 2, alt: word(overlay.name)});
    state.layers[overlay.name] = toggle(word(overlay.name), layer, isColour, null, opacity);
  }
  if (data.overlays.some((one) => one.name === "probability")) list.append(scaleOfProbability());
  for (const {name, colour, parts} of data.lines) {
    const layer = L.polyline(parts, {color: colour, weight: name === "sites" ? 1.5 : 1.2, renderer: base, interactive: false});
    const text = word(name === "road" ? "road lines" : name), line = () => make("span", {class: "line", style: `border-color:${colour}`});
    toggle(text, layer, true, line());
    keys.push([line(), text]);
  }
  $("legend").append(...keys.map(([symbol, text]) => make("span", {class: "key"}, symbol, text)));
  list.append(online());

  function scaleOfProbability() {
    const at = `${(100 * data.threshold).toFixed(1)}%`;
    return make("div", {}, make("div", {class: "scale", role: "img", "aria-label": _("Probability from 0, black, to 1, pale yellow")}, make("i", {style: `left:${at}`})),
      make("div", {class: "ends"}, make("span", {}, number(0)), make("span", {}, _("from {threshold} on a mine", {threshold: number(data.threshold, 2)})), make("span", {}, number(1))));
  }
  // Off at first, since the provider of a basemap learns where one looks.
  function online() {
    let layer = null;
    const source = L.control.attribution({prefix: false});
    const box = make("input", {type: "checkbox", id: "online", onchange: () => {
      document.body.dataset.online = box.checked ? "yes" : "";
      layer ??= L.tileLayer("https://tile.openstreetmap.org/{z}/{x}/{y}.png", {maxZoom: 18, attribution: "© OpenStreetMap contributors"});
      // The control first: it shows whose map the layer is.
      if (box.checked) { source.addTo(map); layer.addTo(map); } else { layer.remove(); source.remove(); }
      changed("picture");
    }});
    return make("div", {}, make("label", {}, box, _("Online basemap and links")),
      make("p", {class: "note"}, _("Off: nothing leaves this computer. On: openstreetmap.org learns which places you look at, and so does each site that you open a link to.")));
  }

  function mark(index) {
    const place = places[index], classes = `mark${KIND.isRound(place) ? " round" : ""}${index === state.index ? " chosen" : ""}`;
    const name = KIND.name(place.rank);
    const marker = L.marker([place.lat, place.lon], {title: name, alt: name, icon: L.divIcon({className: "", iconSize: [14, 14], html: `<span class="${classes}" style="background:${KIND.colourOf(place)}"></span>`})});
    return marker.on("click", () => choose(index));
  }
  function cluster(group) {
    const bounds = L.latLngBounds(group.map((index) => [places[index].lat, places[index].lon]));
    const name = KIND.several(number(group.length));
    const icon = L.divIcon({className: "", iconSize: [34, 34], html: `<span class="many">${group.length}</span>`});
    return L.marker(bounds.getCenter(), {title: name, alt: name, icon}).on("click", () => {
      map.fitBounds(bounds.pad(0.3), {maxZoom: APART_FROM_ZOOM, animate: false});
    });
  }
  function redraw() {
    const zoom = map.getZoom(), view = map.getBounds().pad(0.15), groups = new Map();
    const near = state.shown.filter((index) => view.contains([places[index].lat, places[index].lon]));
    for (const index of near) {
      const at = map.project([places[index].lat, places[index].lon], zoom);
      const isAlone = zoom >= APART_FROM_ZOOM || index === state.index;
      const cell = isAlone ? `one ${index}` : `${Math.floor(at.x / CLUSTER_PX)} ${Math.floor(at.y / CLUSTER_PX)}`;
      if (!groups.has(cell)) groups.set(cell, []);
      groups.get(cell).push(index);
    }
    marks.clearLayers();
    outlines.clearLayers();
    for (const group of groups.values()) marks.addLayer(group.length === 1 ? mark(group[0]) : cluster(group));
    if (zoom < OUTLINES_FROM_ZOOM) return;
    // One layer for all outlines of a colour: hundreds of layers would take the browser long.
    const some = near.filter((index) => outlineOf(index) !== null).slice(0, MOST_OUTLINES), options = {fill: false, renderer: base, interactive: false};
    const colours = new Map();
    for (const index of some) {
      const colour = KIND.colourOf(places[index]);
      if (!colours.has(colour)) colours.set(colour, []);
      colours.get(colour).push(...ringsOf(index));
    }
    for (const [colour, rings] of colours) {
      outlines.addLayer(L.polyline(rings, {...options, color: "#fff", weight: 4}));
      outlines.addLayer(L.polyline(rings, {...options, color: colour, weight: 2}));
    }
    if (state.index !== null) outlines.addLayer(L.polyline(ringsOf(state.index), {...options, color: KIND.colourOf(places[state.index]), weight: 4}));
  }
  const kept = new Map();
  function ringsOf(index) {
    const outline = outlineOf(index);
    if (outline === null) return [];
    if (!kept.has(outline)) {
      const parts = outline.type === "Polygon" ? [outline.coordinates] : outline.coordinates;
      kept.set(outline, parts.flat().map((ring) => ring.map(([lon, lat]) => [lat, lon])));
    }
    return kept.get(outline);
  }
  const all = L.latLngBounds(places.map((place) => [place.lat, place.lon]));
  for (const {bounds: [west, south, east, north]} of data.overlays) all.extend([[south, west], [north, east]]);
  map.fitBounds(all.isValid() ? all.pad(0.03) : [[-60, -180], [75, 180]], {animate: false});
  map.on("moveend", redraw);
  listeners.push((what) => {
    if (what === "place" && state.index !== null) {
      const at = [places[state.index].lat, places[state.index].lon];
      if (map.getZoom() < 12.5) map.setView(at, 13, {animate: false}); else map.panTo(at, {animate: false});
    }
    redraw();
  });
  redraw();
  new ResizeObserver(() => map.invalidateSize({animate: false})).observe(map.getContainer());
})();
