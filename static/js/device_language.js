/** The choice of this device's language: it counts at once, and nobody else is concerned. */

import { element, find } from "./dom.js";
import { followLanguage, said } from "./i18n.js";
import { chosenLanguage, keepChosenLanguage, LANGUAGES } from "./language.js";

const ID = "setting-device";

/** A row of the settings' dialog. */
export function deviceLanguageRow() {
  const own = Object.entries(LANGUAGES).map(([tag, name]) =>
    element("option", { value: tag, lang: tag }, name),
  );
  const control = element(
    "select",
    { id: ID, "aria-describedby": `${ID}-text` },
    said("option", "settings.device.follow", { value: "" }),
    ...own,
  );
  const chosen = chosenLanguage();
  control.value = chosen in LANGUAGES ? chosen : "";
  control.addEventListener("change", async () => {
    keepChosenLanguage(control.value);
    await followLanguage(); // the dialog is made anew in it
    find(document, `#${ID}`).focus();
  });
  return element(
    "div",
    { class: "setting", "data-setting": "device" },
    said("label", "settings.device", { for: ID }),
    control,
    said("small", "settings.device.text", { id: `${ID}-text` }),
  );
}
