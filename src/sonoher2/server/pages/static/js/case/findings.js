/** What a prediction says of itself, in the words of the page's language; a code that is not known here keeps the server's words. */
import { figures, number, t } from "../i18n.js";

const PROBLEMS = () => ({
  "small lesion": t("the lesion is very small"),
  "few grey levels": t("there are few grey levels"),
  white: t("many pixels are white"),
  blurred: t("it is blurred"),
});

const MASKS = () => ({
  specks: t("the outline has specks apart from the lesion"),
  parts: t("the outline has several parts"),
  holes: t("the outline has holes"),
});

const WORDS = {
  OUTLINE_AUTOMATIC: (facts) => t("The lesion was outlined automatically, confidence {confidence}. Look at it.", { confidence: number(facts.confidence, 2) }),
  TRAINING_IMAGE: (facts) => t("The {network} was trained on this image, and does better on it than on others.", facts),
  TRAINING_PATIENT: (facts) => t("The images measure exactly as those of training case {case}. The model knows this patient, and does better on it than on others.", facts),
  SITE_MISSING: (facts) => t("No site is given, so features count as measured at {reference}.", facts),
  SITE_UNKNOWN: (facts) => t("The site was not in training, so features count as measured at {reference}.", facts),
  VALUE_MISSING: (facts) => t("{column}: the training patients' table wrote this value where nothing was known, so it counts as not given.", facts),
  UNIT_IGNORED: () => t("The model measures lesions in pixels, so the known size of a pixel was not used."),
  POOR_IMAGE: (facts) => t("Poor picture: {problem}. Its features are unsteady.", { problem: PROBLEMS()[facts.problem] ?? facts.problem }),
  ODD_MASK: (facts) => t("Look at the outline: {problem}.", { problem: MASKS()[facts.problem] ?? facts.problem }),
  FAR_FROM_TRAINING: (facts) => t("Outside what this model has seen: the features of {space} lie {distance} SD from the nearest training cases, 99 of 100 of which keep within {limit}.", { space: facts.space, distance: number(facts.distance, 2), limit: number(facts.limit, 2) }),
  OUTSIDE_RANGE: (facts) => t("Outside what this model has seen: {column} is beyond the training patients' range of {low} to {high}.", { column: facts.column, low: figures(facts.low, 6), high: figures(facts.high, 6) }),
};

/** @param {{code: string, text: string, facts: Record<string, any>}} finding */
export function findingText(finding) {
  return WORDS[finding.code]?.(finding.facts) ?? finding.text;
}
