"use strict";
// Embeds the map and the strip, and shows the pictures of the selected candidate in the strip.
(async () => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const strips = read("strips"), side = read("side");
  await Bokeh.embed.embed_item(read("map-item"), "map");
  await Bokeh.embed.embed_item(read("strip-item"), "strip");
  const findModel = (name) => Bokeh.documents.map((one) => one.get_model_by_name(name)).find(Boolean);
  const ranges = ["strip-x", "strip-y"].map(findModel);
  const count = Math.max(0, ...strips.map((one) => one.captions.length));

  // The pictures of a strip are stored as one PNG, below each other.
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
      const picture = findModel(`picture-${k}`);
      picture.visible = k < strip.captions.length;
      if (!picture.visible) continue;
      picture.title.text = strip.captions[k];
      const source = findModel(`pixels-${k}`), Pixels = source.data.image[0].constructor;
      const own = all.slice(k * side * side, (k + 1) * side * side);
      source.data = {image: [new Pixels(own, [side, side])]};
    }
    for (const name of ["truth", "label", "candidate"]) {
      const [xs, ys] = strip.outlines[name] ?? [[], []];
      findModel(`outline-${name}`).data = {xs, ys};
    }
    home();
  }

  async function show(index) {
    const strip = strips[index], chosen = document.getElementById("chosen");
    document.getElementById("strip").hidden = strip === undefined;
    if (strip === undefined) {
      chosen.textContent = `Candidate ${index + 1} has no pictures on this page, which shows `
        + `those of the first ${strips.length}. Look at it in candidates.gpkg or candidates.kml.`;
      return;
    }
    chosen.textContent = strip.facts;
    document.querySelectorAll("tr.chosen").forEach((row) => row.classList.remove("chosen"));
    document.querySelector(`tr[data-index="${index}"]`).classList.add("chosen");
    const selected = findModel("candidates").selected;
    if (selected.indices[0] !== index) selected.indices = [index];
    await fill(strip);
    document.body.dataset.shown = index;
  }

  document.addEventListener("candidate", (event) => show(event.detail));
  document.querySelectorAll("tr[data-index]").forEach((row) => {
    const index = Number(row.dataset.index);
    row.querySelector("button").addEventListener("click", () => {
      show(index);
      document.getElementById("look").scrollIntoView();
    });
  });
  // An unticked box hides a layer of the map, or an outline in every picture.
  document.querySelectorAll("input[data-layer]").forEach((box) => {
    box.addEventListener("change", () => {
      for (const name of box.dataset.layer.split(" ")) findModel(name).visible = box.checked;
    });
  });
  document.querySelectorAll("input[data-outline]").forEach((box) => {
    box.addEventListener("change", () => {
      for (let k = 0; k < count; k++) {
        findModel(`line-${box.dataset.outline}-${k}`).visible = box.checked;
      }
    });
  });
  document.getElementById("nearer").addEventListener("click", () => zoom(1 / 1.5));
  document.getElementById("farther").addEventListener("click", () => zoom(1.5));
  document.getElementById("home").addEventListener("click", home);
  if (strips.length) await show(0);
  document.body.dataset.ready = "yes";
})();
