"use strict";
// Verdicts: given here, kept in the browser, undone, saved as a file; those of others are compared.
const ANSWER_FIELDS = ["verdict", "what", "who", "when", "why", "seen_from", "seen_to"];
const NO_ANSWER = Object.freeze({});
const answers = {who: "", own: {}, others: {}, undo: []};
const STORE = `minecover ${data.key}`;
(() => {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE)) || {};
    answers.who = kept.who || "";
    answers.own = kept.own || {};
  } catch (error) { /* without storage, answers last until the page is closed */ }
})();
function keep() {
  try { localStorage.setItem(STORE, JSON.stringify({who: answers.who, own: answers.own})); } catch (error) { /* as above */ }
}
const answerOf = (id) => answers.own[id] || NO_ANSWER;
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}
// Changes the answer on a candidate; null takes it away.
function answer(id, change) {
  answers.undo.push([id, answers.own[id]]);
  if (change === null) delete answers.own[id];
  else answers.own[id] = {...answerOf(id), ...change, when: today(), who: answers.who.trim()};
  if (answers.own[id] && answers.own[id].verdict !== "not mine") answers.own[id].what = "";
  keep();
  changed("answer");
}
function undo() {
  const last = answers.undo.pop();
  if (!last) return;
  const [id, before] = last, index = places.findIndex((place) => place.candidate_id === id);
  if (before) answers.own[id] = before; else delete answers.own[id];
  keep();
  if (index >= 0 && index !== state.index) choose(index);
  changed("answer");
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
function save() {
  const file = savedFile();
  if (!file.features.length) { said(_("Nothing is answered yet.")); return; }
  if (!answers.who.trim()) { said(_("Enter the reviewer, then save.")); $("who").focus(); return; }
  const name = `reviewed-${answers.who.trim().toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")}.geojson`;
  const link = make("a", {href: URL.createObjectURL(new Blob([JSON.stringify(file)], {type: "application/geo+json"})), download: name});
  link.click();
  URL.revokeObjectURL(link.href);
  said(_("Saved {n} verdicts as {file}. Type: {command}", {n: number(file.features.length), file: name, command: `minecover review import ${name}`}));
}
// Reads a saved file: the reviewer's own one goes on from there, another's is compared.
async function load(file) {
  let features;
  try { features = JSON.parse(await file.text()).features.map((one) => ({...one.properties, geometry: one.geometry})); } catch (error) {
    said(_("{file} is no file of verdicts. Choose one that this page saved.", {file: file.name}));
    return;
  }
  const known = new Set(places.map((place) => place.candidate_id));
  const of = features.filter((one) => known.has(one.candidate_id) && one.verdict);
  const who = of[0]?.who || file.name, isOwn = !answers.who.trim() || who === answers.who.trim();
  if (isOwn) answers.who = who;
  const into = isOwn ? answers.own : (answers.others[who] ??= {});
  for (const one of of) into[one.candidate_id] = {...Object.fromEntries(ANSWER_FIELDS.map((name) => [name, one[name] || ""])), ...(isOwn ? {geometry: one.geometry} : {})};
  keep();
  changed("answer");
  said(_("Read {n} verdicts of {who}; {left} are on other candidates.", {n: number(of.length), who, left: number(features.length - of.length)}));
}
function said(text) { $("said").textContent = text; }
