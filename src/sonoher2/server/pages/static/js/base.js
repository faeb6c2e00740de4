/** What every page does: dates in the reader's own way. */
import { moment } from "./i18n.js";

for (const element of document.querySelectorAll("time[datetime]")) element.textContent = moment(element.dateTime);
