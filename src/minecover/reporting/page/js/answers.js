"use strict";
// Verdicts: given here, kept in the browser, undone, saved as a file; those of others are compared.
const ANSWER_FIELDS = ["verdict", "what", "who", "when", "why", "seen_from", "seen_to"];
const NO_ANSWER = Object.freeze({});
// Names are typed by people: objects without a prototype hold any of them.
const answers = {who: "", own: Object.create(null), others: Object.create(null), undo: [], isKept: true};
// The browser keeps verdicts by the ground they are about: an id and the digest of its outline. A
// map that was written again, or exported for review, finds those of candidates that are the same.
const STORE = `minecover ${data.key}`;
const groundOf = (place) => `${place.candidate_id} ${place.digest}`;
function stored() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE)) || {};
    return {who: typeof kept.who === "string" ? kept.who : "", own: kept.own || {}};
  } catch (error) { return {who: "", own: {}}; }
}
// Takes over what the browser holds: another tab of this page may have written since.
function recall() {
  if (!answers.isKept) return;
  const {who, own} = stored();
  answers.who = who;
  answers.own = Object.create(null);
  for (const place of places) if (own[groundOf(place)]) answers.own[place.candidate_id] = own[groundOf(place)];
}
// Without storage, verdicts last until the page is closed, which the review says.
function keep() {
  const kept = stored();
  for (const place of places) {
    const own = answers.own[place.candidate_id];
    if (own) kept.own[groundOf(place)] = own; else delete kept.own[groundOf(place)];
  }
  try {
    localStorage.setItem(STORE, JSON.stringify({who: answers.who, own: kept.own}));
    answers.isKept = true;
  } catch (error) { answers.isKept = false; }
}
recall();
keep();
window.addEventListener("beforeunload", (event) => {
  if (!answers.isKept && Object.keys(answers.own).length) event.preventDefault();
});
const answerOf = (id) => answers.own[id] || NO_ANSWER;
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}
// Sets answers by id, undefined to take one away; together they are one step for undo.
function setAnswers(changes) {
  recall();
  answers.undo.push(changes.map(([id]) => [id, answers.own[id]]));
  putAnswers(changes);
}
function putAnswers(changes) {
  for (const [id, given] of changes) if (given) answers.own[id] = given; else delete answers.own[id];
  keep();
  changed("answer");
}
// Changes the answer on a candidate; null takes it away.
function answer(id, change) {
  recall();
  const given = change && {...answerOf(id), ...change, when: today(), who: answers.who.trim()};
  if (given && given.verdict !== "not mine") given.what = "";
  setAnswers([[id, given]]);
}
// The reason is written letter by letter, of which each is no step for undo.
function explain(id, why) {
  recall();
  answers.own[id] = {...answerOf(id), why};
  keep();
}
function rename(who) {
  recall();
  answers.who = who;
  keep();
}
function undo() {
  const last = answers.undo.pop();
  if (!last) return;
  recall();
  const index = places.findIndex((place) => place.candidate_id === last[0][0]);
  putAnswers(last);
  if (last.length === 1 && index >= 0 && index !== state.index) choose(index);
}
// The verdicts of others that differ from the own one or among each other; "" if none does.
function disagreement(id) {
  const given = Object.entries(answers.others).map(([who, their]) => [who, their[id]?.verdict]);
  if (answerOf(id).verdict) given.unshift([answers.who || _("you"), answerOf(id).verdict]);
  const known = given.filter(([, verdict]) => verdict);
  return new Set(known.map(([, verdict]) => verdict)).size > 1 ? known.map(([who, verdict]) => `${who}: ${word(verdict)}`).join(", ") : "";
}
// Cohen's kappa of two sets of answers, by the candidates that both judged (Cohen 1960).
function agreement(own, their) {
  const both = Object.keys(own).filter((id) => own[id].verdict && their[id]?.verdict);
  const share = (set, verdict) => both.filter((id) => set[id].verdict === verdict).length / both.length;
  const observed = both.filter((id) => own[id].verdict === their[id].verdict).length / both.length;
  const byChance = Object.values(data.verdicts).reduce((sum, verdict) => sum + share(own, verdict) * share(their, verdict), 0);
  return {n: both.length, observed, kappa: byChance < 1 ? (observed - byChance) / (1 - byChance) : null};
}
function savedFile() {
  const features = places.filter((place) => answerOf(place.candidate_id).verdict).map((place) => {
    const own = answerOf(place.candidate_id), {rank, candidate_id, site_id, lon, lat} = place;
    const given = Object.fromEntries(ANSWER_FIELDS.map((name) => [name, own[name] || ""]));
    return {type: "Feature", geometry: own.geometry || place.geometry, properties: {rank, candidate_id, site_id: data.site_id ? candidate_id : site_id, lon, lat, ...given, who: given.who || answers.who.trim()}};
  });
  return {type: "FeatureCollection", world: data.world || undefined, features};
}
// Part of a file's name for a reviewer; file systems take 255 bytes of it.
function fileNameOf(who) {
  const plain = who.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return ["reviewed", [...plain].slice(0, 40).join("")].filter(Boolean).join("-") + ".geojson";
}
function save() {
  recall();
  const file = savedFile();
  if (!file.features.length) { said(_("Nothing is answered yet.")); return; }
  if (!answers.who.trim()) { said(_("Enter the reviewer, then save.")); $("who").focus(); return; }
  const name = fileNameOf(answers.who);
  const link = make("a", {href: URL.createObjectURL(new Blob([JSON.stringify(file)], {type: "application/geo+json"})), download: name});
  link.click();
  URL.revokeObjectURL(link.href);
  said(_("Verdicts saved: {n}, as {file}. Type: {command}", {n: number(file.features.length), file: name, command: `minecover review import ${name}`}));
}
// Outlines of a file that people may have edited; null is none that can be drawn.
function outlineIn(geometry) {
  const isRing = (ring) => Array.isArray(ring) && ring.length > 3 && ring.every((point) => Number.isFinite(point?.[0]) && Number.isFinite(point?.[1]));
  const isPart = (part) => Array.isArray(part) && part.length > 0 && part.every(isRing);
  const parts = geometry?.type === "Polygon" ? [geometry.coordinates] : geometry?.type === "MultiPolygon" ? geometry.coordinates : null;
  return Array.isArray(parts) && parts.length && parts.every(isPart) ? geometry : null;
}
// The rows of a saved file that have a verdict, in the words of the page.
function verdictsIn(text, name) {
  const clean = (value) => (value === null || value === undefined ? "" : String(value).trim());
  const plain = (value) => clean(value).toLowerCase().replace(/\s+/g, " ");
  let features;
  try { features = JSON.parse(text).features.map((one) => ({...one.properties, geometry: one.geometry})); } catch (error) {
    throw new Error(_("{file} is no file of verdicts. Choose one that this page saved.", {file: name}));
  }
  const rows = features.map((one) => ({...Object.fromEntries(ANSWER_FIELDS.map((field) => [field, clean(one[field])])),
    candidate_id: clean(one.candidate_id), verdict: plain(one.verdict), what: plain(one.what), geometry: outlineIn(one.geometry)}));
  const wrong = rows.find((one) => one.verdict && !Object.values(data.verdicts).includes(one.verdict));
  if (wrong) throw new Error(_("{file}: the verdict on {candidate} is {found}. Write mine, not mine or unsure, in English.", {file: name, candidate: wrong.candidate_id, found: wrong.verdict}));
  return rows.filter((one) => one.verdict);
}
// Reads a saved file: the reviewer's own verdicts go on from there, those of others are compared.
// Returns what there is to say of it.
async function load(file) {
  let rows;
  try { rows = verdictsIn(await file.text(), file.name); } catch (error) { return error.message; }
  recall();
  const ids = new Map(places.map((place) => [place.candidate_id.toLowerCase(), place.candidate_id]));
  const here = rows.filter((one) => ids.has(one.candidate_id.toLowerCase()));
  if (!here.length) return _("{file} holds no verdict on a candidate of this page.", {file: file.name});
  // An import joins the names of those who agreed with "; ".
  const namesOf = (one) => (one.who || file.name).split("; ");
  const names = [...new Set(here.flatMap(namesOf))];
  if (!answers.who.trim() && names.length === 1) rename(names[0]);
  const own = answers.who.trim(), changes = [];
  let later = 0;
  for (const {candidate_id, geometry, ...given} of here) {
    const id = ids.get(candidate_id.toLowerCase());
    for (const name of namesOf(given)) {
      if (name !== own) (answers.others[name] ??= Object.create(null))[id] = {...given, who: name};
      else if (answerOf(id).verdict && (answerOf(id).when || "") > given.when) later += 1;
      else changes.push([id, {...given, who: name, geometry}]);
    }
  }
  if (changes.length) setAnswers(changes); else changed("answer");
  const read = _("Verdicts read: {n}, of {who}; on other candidates: {left}.", {n: number(here.length), who: names.join(", "), left: number(rows.length - here.length)});
  return later ? `${read} ${_("Later verdicts of yours that were kept: {n}.", {n: number(later)})}` : read;
}
function said(text) { $("said").textContent = text; }
