"use strict";
// The dossier: one printed page of A4 for each candidate.
function locator(place) {
  const ground = data.overlays.find((one) => one.name === "true colour") || data.overlays[0];
  if (!ground) return "";
  const [west, south, east, north] = ground.bounds;
  const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) * (180 / Math.PI);
  const height = (100 * (mercator(north) - mercator(south))) / (east - west);
  const x = (100 * (place.lon - west)) / (east - west), y = (height * (mercator(north) - mercator(place.lat))) / (mercator(north) - mercator(south));
  return drawn("svg", {viewBox: `0 0 100 ${height}`, role: "img", "aria-label": _("Where the candidate lies on the map")},
    drawn("image", {href: ground.href, width: 100, height, preserveAspectRatio: "none"}),
    drawn("circle", {cx: x, cy: y, r: 3, style: "fill:none;stroke:#000;stroke-width:2.4"}), drawn("circle", {cx: x, cy: y, r: 3, style: "fill:none;stroke:#fff;stroke-width:1.2"}));
}
function sheet(place) {
  const own = answerOf(place.candidate_id), pictures = place.pictures;
  const by = [own.who || answers.who.trim(), own.when && day(own.when)].filter(Boolean).join(", ");
  const said = own.verdict ? [`${word(own.verdict)}${own.what ? ` (${word(own.what)})` : ""}`, by, own.why].filter(Boolean).join(". ") : "";
  const parts = [];
  if (pictures) {
    const composite = planesOf(pictures, "true colour").length ? "true colour" : "infrared";
    const dates = planesOf(pictures, composite), most = 11, every = Math.ceil(dates.length / most);
    const kept = dates.filter((_date, n) => n % every === 0 || n === dates.length - 1);
    const figures = kept.map(([, iso, plane]) => make("figure", {class: "picture"}, picture(pictures, plane), make("figcaption", {}, make("b", {}, day(iso)), word(pictures.seen[iso] || "") ? `, ${word(pictures.seen[iso])}` : "")));
    figures.push(make("figure", {class: "picture"}, picture(pictures, pictures.planes.length - 1), make("figcaption", {}, _("Probability: black 0, pale yellow 1"))));
    parts.push(make("div", {class: `dates${figures.length < 4 ? " few" : ""}`}, ...figures));
    if (kept.length < dates.length) parts.push(make("p", {class: "note"}, _("{shown} of {all} dates are shown.", {shown: number(kept.length), all: number(dates.length)})));
  }
  return make("section", {class: "sheet"}, make("h2", {}, _("Candidate {rank}", {rank: number(place.rank)}), ` · ${place.candidate_id}`),
    make("p", {}, document.title),
    make("div", {class: "where"}, locator(place), make("div", {}, make("p", {}, make("b", {}, `${_("Latitude, longitude:")} ${coordinates(place)}`)), chips(place), factList(place))),
    ...parts, make("div", {class: "answer"}, make("b", {}, _("Verdict")), ` ${said || "______________________________________________"}`),
    make("p", {class: "note"}, _("A candidate is a patch of ground that looks like a mine to a program. It is a reason to look closer, never a finding.")));
}
function laySheets(indices) {
  $("dossier").replaceChildren(...indices.map((index) => sheet(places[index])));
  document.body.classList.toggle("with-dossier", indices.length > 0);
}
async function printSheets(indices) {
  laySheets(indices);
  const images = new Set([...$("dossier").querySelectorAll("image")].map((image) => image.getAttribute("href")));
  await Promise.all([...images].map((href) => { const image = new Image(); image.src = href; return image.decode().catch(() => null); }));
  window.print();
}
// The browser's own command prints the candidate that is looked at, or the first of the list; of
// a report with scores it prints these.
window.addEventListener("beforeprint", () => {
  if (document.body.classList.contains("with-dossier") || (state.index === null && $("scores"))) return;
  laySheets(state.index === null ? state.shown.slice(0, MOST_SHEETS) : [state.index]);
});
window.addEventListener("afterprint", () => document.body.classList.remove("with-dossier"));
document.body.dataset.ready = "yes";
