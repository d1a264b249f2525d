"use strict";

// A filter box over a long list of checkboxes: <div class="sc-picker" data-picker>. The box is in the
// page, hidden, and shown only when this script runs. Checked items always stay in sight.
{
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const refresh = (picker) => {
    const words = fold(picker.querySelector(".sc-picker__top input").value).split(/\s+/).filter(Boolean);
    let chosen = 0;
    let shown = 0;
    for (const option of picker.querySelectorAll(".sc-option")) {
      const checked = option.querySelector("input").checked;
      const text = fold(option.textContent);
      const fits = words.every((word) => text.includes(word));
      option.hidden = !(fits || checked);
      chosen += checked;
      shown += fits;
    }
    const count = [];
    if (words.length) count.push(`${shown} found`);
    if (chosen) count.push(`${chosen} chosen`);
    picker.querySelector(".sc-picker__count").textContent = count.join(", ");
  };

  const start = () => {
    for (const picker of document.querySelectorAll("[data-picker]")) {
      const top = picker.querySelector(".sc-picker__top");
      if (!top?.hidden) continue;
      top.hidden = false;
      refresh(picker);
    }
  };

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const picker = event.target.closest("[data-picker]");
      if (picker) refresh(picker);
    });
  }

  // The filter box is not part of the form: Enter in it must not send the form, nor wake the preview.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest(".sc-picker__top")) event.preventDefault();
  });

  for (const moment of ["DOMContentLoaded", "htmx:load", "sc:added"]) document.addEventListener(moment, start);
  if (document.readyState !== "loading") start();
}
