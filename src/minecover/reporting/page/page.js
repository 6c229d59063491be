"use strict";
// Draws the map and the strip, and brings a chosen candidate's pictures into the strip.
(async () => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const strips = read("strips"), side = read("side");
  await Bokeh.embed.embed_item(read("map-item"), "map");
  await Bokeh.embed.embed_item(read("strip-item"), "strip");
  const named = (name) => Bokeh.documents.map((one) => one.get_model_by_name(name)).find(Boolean);
  const ranges = ["strip-x", "strip-y"].map(named);
  const count = Math.max(0, ...strips.map((one) => one.captions.length));

  // The pictures of a strip are one PNG, one below the other.
  async function pixels(strip) {
    const image = new Image();
    image.src = "data:image/png;base64," + strip.png;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    return new Uint32Array(pen.getImageData(0, 0, image.width, image.height).data.buffer);
  }

  function zoom(factor) {
    for (const range of ranges) {
      const middle = (range.start + range.end) / 2, half = (range.end - range.start) / 2 * factor;
      range.setv({start: middle - half, end: middle + half});
    }
  }

  function home() {
    for (const range of ranges) range.setv({start: 0, end: side});
  }

  async function fill(strip) {
    const all = await pixels(strip);
    for (let k = 0; k < count; k++) {
      const picture = named(`picture-${k}`);
      picture.visible = k < strip.captions.length;
      if (!picture.visible) continue;
      picture.title.text = strip.captions[k];
      const source = named(`pixels-${k}`), Pixels = source.data.image[0].constructor;
      const own = all.slice(k * side * side, (k + 1) * side * side);
      source.data = {image: [new Pixels(own, [side, side])]};
    }
    for (const name of ["truth", "label", "candidate"]) {
      const [xs, ys] = strip.outlines[name] ?? [[], []];
      named(`outline-${name}`).data = {xs, ys};
    }
    home();
  }

  async function show(place) {
    const strip = strips[place], chosen = document.getElementById("chosen");
    document.getElementById("strip").hidden = strip === undefined;
    if (strip === undefined) {
      chosen.textContent = `Candidate ${place + 1} has no pictures on this page, which shows `
        + `those of the first ${strips.length}. Look at it in candidates.gpkg or candidates.kml.`;
      return;
    }
    chosen.textContent = strip.facts;
    document.querySelectorAll("tr.chosen").forEach((row) => row.classList.remove("chosen"));
    document.querySelector(`tr[data-place="${place}"]`).classList.add("chosen");
    const selected = named("candidates").selected;
    if (selected.indices[0] !== place) selected.indices = [place];
    await fill(strip);
    document.body.dataset.shown = place;
  }

  document.addEventListener("candidate", (event) => show(event.detail));
  document.querySelectorAll("tr[data-place]").forEach((row) => {
    const place = Number(row.dataset.place);
    row.querySelector("button").addEventListener("click", () => {
      show(place);
      document.getElementById("look").scrollIntoView();
    });
  });
  // A box that is not ticked hides a layer of the map, or an outline in every picture.
  document.querySelectorAll("input[data-layer]").forEach((box) => {
    box.addEventListener("change", () => {
      for (const name of box.dataset.layer.split(" ")) named(name).visible = box.checked;
    });
  });
  document.querySelectorAll("input[data-outline]").forEach((box) => {
    box.addEventListener("change", () => {
      for (let k = 0; k < count; k++) {
        named(`line-${box.dataset.outline}-${k}`).visible = box.checked;
      }
    });
  });
  document.getElementById("nearer").addEventListener("click", () => zoom(1 / 1.5));
  document.getElementById("farther").addEventListener("click", () => zoom(1.5));
  document.getElementById("home").addEventListener("click", home);
  if (strips.length) await show(0);
  document.body.dataset.ready = "yes";
})();
