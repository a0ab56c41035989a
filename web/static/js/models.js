// @ts-check
/** @import { Model } from "./messages.js" */
import { find, make } from "./dom.js";
import { fixed, percent } from "./numbers.js";

const EXPLAINED =
  "All on people not trained on. Balanced accuracy, with its 95 % interval, stands beside chance; " +
  "accuracy beside that of always giving the majority's answer.";

const UNMEASURED =
  "Not measured here on people it was not trained on, so no score stands beside chance. It is shown beside, not " +
  "fused, unless --weight gives it a say.";

/** Whose action units, in words. @type {Record<string, string>} */
const WHOSE = { OpenFace: "OpenFace", landmarks: "the camera's or video's landmarks, which are not OpenFace's" };

/**
 * What each model was trained on, and its scores with chance beside them.
 *
 * @param {Model[]} models
 */
export function showModels(models) {
  if (models.length) find("#model-list").replaceChildren(...models.map(section));
}

/** @param {Model} model */
function section(model) {
  // Of a model that is not ours nobody may have said how many.
  const people = model.subjects ? `: ${fixed(model.subjects, 0)} subjects, ${fixed(model.trials, 0)} trials` : "";
  const origin = model.simulated
    ? make("p", { class: "demo" }, "demo model, trained on simulated data")
    : make("p", {}, "trained on recorded data");
  const said = [model.protocol, model.note].map((text) => make("p", {}, text));
  return make(
    "section",
    { "data-model": model.name, "data-simulated": String(model.simulated) },
    make("h3", {}, `${model.name} ${model.version}`),
    origin,
    ...(model.action_units ? [make("p", {}, `Reads action units of ${WHOSE[model.action_units] ?? model.action_units}.`)] : []),
    make("p", {}, `${model.trained_on}${people}. High: a rating ${model.threshold.replace(">=", "≥")}.`),
    Object.keys(model.scores).length ? table(model) : make("p", { class: "unmeasured" }, UNMEASURED),
    make("details", {}, make("summary", {}, "How this was measured"), make("p", {}, EXPLAINED), ...said),
  );
}

/** @param {Model} model */
function table({ scores }) {
  const rows = Object.entries(scores).map(([name, score]) =>
    make(
      "tr",
      { "data-score": name },
      make("th", { scope: "row" }, name),
      make("td", {}, `${percent(score.balanced_accuracy)} `, make("span", {}, `(${percent(score.low)}–${percent(score.high)})`)),
      make("td", {}, percent(score.chance)),
      make("td", {}, percent(score.accuracy)),
      make("td", {}, percent(score.majority)),
    ),
  );
  /** @param {string} text */
  const head = (text) => make("th", { scope: "col" }, text);
  return make(
    "table",
    {},
    make("caption", {}, "Accuracy on people not trained on"),
    make("thead", {}, make("tr", {}, head(""), head("balanced (95 %)"), head("chance"), head("accuracy"), head("majority"))),
    make("tbody", {}, ...rows),
  );
}
