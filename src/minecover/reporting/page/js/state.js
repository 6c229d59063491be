"use strict";
// What all parts of the page share: its data, texts and numbers in its language, the candidates
// that the filters leave, and the one that is looked at.
const data = JSON.parse(document.getElementById("data").textContent);
const places = data.candidates;
const $ = (id) => document.getElementById(id);

// Texts in the code are English; the catalogue is part of the data. {names} are replaced.
function _(text, values = {}) {
  const found = data.texts[text] || text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
// Words of the data that are shown.
const WORDS = {
  "mine": _("mine"), "not mine": _("not mine"), "unsure": _("unsure"),
  "river bar": _("river bar"), "slide": _("slide"), "field": _("field"), "road": _("road"),
  "settlement": _("settlement"), "industrial": _("industrial"), "other": _("other"),
  "seen": _("looks mined"), "not seen": _("does not look mined"), "hidden": _("hidden"), "observed": "",
  "true colour": _("true colour"), "infrared": _("infrared"), "probability": _("probability"),
  "sites": _("sites"), "known mines": _("known mines"), "provinces": _("provinces"), "river": _("rivers"), "water": _("water"), "road lines": _("roads"),
  "appeared": _("appeared"), "grew": _("grew"), "stable": _("stable"), "shrank": _("shrank"), "gone": _("gone"),
  "split": _("split"), "merged": _("merged"), "absent": _("not there"),
  "candidate": _("candidate"), "label": _("drawn by hand"), "truth": _("the true mine"),
  "the model can hardly tell": _("the model can hardly tell"),
  "labelled, the model sees no mine": _("labelled, the model sees no mine"),
  "not labelled, the model is sure": _("not labelled, the model is sure"),
};
const word = (english) => WORDS[english] ?? english;

// English dates as most of the world writes them.
const locale = data.lang === "en" ? "en-GB" : data.lang;
const formats = {};
function number(value, decimals = 0) {
  if (value === null || value === undefined) return "–";
  formats[decimals] ??= new Intl.NumberFormat(locale, {minimumFractionDigits: decimals, maximumFractionDigits: decimals});
  return formats[decimals].format(value);
}
const days = new Intl.DateTimeFormat(locale, {day: "numeric", month: "short", year: "numeric", timeZone: "UTC"});
const day = (iso) => (iso ? days.format(new Date(iso + "T00:00:00Z")) : "–");
const coordinates = (place) => `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;

// Makes an element; attributes whose name begins with "on" are listeners, null ones are left out.
function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}
function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Fields of a filter.
const field = (title, control) => make("label", {}, title, control);
const choice = (options) => make("select", {}, ...options.map(([value, text]) => make("option", {value}, text)));

// Listeners are called with the name of what changed: "filter", "place", "answer",
// "picture", "period".
const listeners = [];
const state = {shown: places.map((place, index) => index), index: null, layers: {}};
function changed(what) { for (const listener of listeners) listener(what); }
function choose(index) {
  state.index = index;
  changed("place");
}
// The candidate some steps further in the list as it is filtered and sorted.
function step(by) {
  const at = state.shown.indexOf(state.index);
  const next = state.shown[Math.min(Math.max(at + by, 0), state.shown.length - 1)];
  if (next !== undefined) choose(next);
}
