/** Titles and remedies of the checks, in the words of the page's language; docs/checks has a page for each. */
import { t } from "../i18n.js";

/** @type {Record<string, [string, string]>} By code: what is looked for, and what to do when it is found. */
export const CHECKS = {
  LEAK001: [t("Same patient on both sides"), t("Give each patient one identifier and draw the split anew")],
  LEAK002: [t("Near-duplicate images across the split"), t("Remove the copies, or keep their patients on one side of the split")],
  LEAK003: [t("A step fitted outside the fold"), t("Believe none of its figures before it is mended")],
  LEAK004: [t("Threshold from the test set"), t("Learn the threshold on out-of-fold training scores alone")],
  LEAK005: [t("Test AUC implausibly above training"), t("Look for test patients who were seen in training or chosen by result")],
  LEAK006: [t("Test set opened more than once"), t("Confirm the last model on patients that were never used")],
  LEAK007: [t("A network was trained on patients of the study"), t("Test on patients it never saw, or give drawn masks and leave images as they are")],
  BASE001: [t("Shortcuts do as well as the signature"), t("Do not claim that the images tell the label before this is resolved")],
  BASE002: [t("A signature that is too good to be true"), t("Look for the label among its columns and pictures before believing it")],
  CAL001: [t("Probabilities are off"), t("Recalibrate where it is used before reading them as risks")],
  FAIR001: [t("The signature works unequally in subgroups"), t("Report it by subgroup; confirm it on further patients")],
  MARK001: [t("Callipers or burnt-in marks predict the label"), t("Use images saved without marks, or mark all images alike")],
  MARK002: [t("Picture size, format, border or origin of the mask predicts the label"), t("Export all images alike, crop to the B-mode part; outline all lesions in one way")],
  MISS001: [t("Missing values predict the label"), t("Collect the values alike from all, or leave the column out")],
  MISS002: [t("Numbers that stand for missing values"), t("Name these spellings under `missing`, or say `low` and `high`")],
  SITE001: [t("Label follows the site, the scanner or the date"), t("Take cases and controls from each site, or test at another site")],
  SITE002: [t("Sites that say too little"), t("Give each patient one site; join small sites, or split folds at random")],
  SIZE001: [t("Too few events to develop a model"), t("Use fewer columns or collect more patients")],
  SIZE002: [t("Test set too small"), t("Collect more test patients, or rely on the out-of-fold figures")],
  TIME001: [t("A column known only after the prediction"), t("Remove the column, or set the study's `timing` to when it is known")],
  TIME002: [t("A clinical column that is nearly the label"), t("Find out how it is made; remove it if it rests on the label")],
};
