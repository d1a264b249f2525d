"use strict";

// "Add a line" for a Django formset. <div data-formset="lines"> holds the management form, the rows
// ([data-formset-rows] > [data-formset-row]), a <template data-formset-empty> and the two buttons
// [data-formset-add] (hidden without scripts) and, in rows not saved yet, [data-formset-remove].
{
  const NAMES = ["name", "id", "for", "aria-describedby", "aria-labelledby"];

  const number = (row, prefix, index) => {
    const place = new RegExp(`(^|[\\s_])${prefix}-(?:\\d+|__prefix__)-`, "g");
    for (const part of [row, ...row.querySelectorAll("*")]) {
      for (const name of NAMES) {
        const value = part.getAttribute(name);
        if (value) part.setAttribute(name, value.replace(place, `$1${prefix}-${index}-`));
      }
    }
  };

  const parts = (set) => ({
    prefix: set.dataset.formset,
    rows: set.querySelector("[data-formset-rows]"),
    total: set.querySelector(`[name="${set.dataset.formset}-TOTAL_FORMS"]`),
    most: Number(set.querySelector(`[name="${set.dataset.formset}-MAX_NUM_FORMS"]`)?.value || 1000),
  });

  const rowsOf = (rows) => [...rows.children].filter((row) => row.matches("[data-formset-row]"));

  const recount = (set) => {
    const { prefix, rows, total, most } = parts(set);
    const all = rowsOf(rows);
    all.forEach((row, index) => number(row, prefix, index));
    total.value = all.length;
    for (const button of set.querySelectorAll("[data-formset-add]")) button.disabled = all.length >= most;
  };

  const add = (set) => {
    const { rows, most } = parts(set);
    if (rowsOf(rows).length >= most) return;
    const row = set.querySelector("template[data-formset-empty]").content.firstElementChild.cloneNode(true);
    rows.append(row);
    recount(set);
    row.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  };

  const remove = (button, set) => {
    const row = button.closest("[data-formset-row]");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    recount(set);
    (next?.querySelector("select, textarea, input:not([type=hidden])") ?? set.querySelector("[data-formset-add]")).focus();
    set.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("click", (event) => {
    const set = event.target.closest("[data-formset]");
    if (!set) return;
    if (event.target.closest("[data-formset-add]")) add(set);
    const remover = event.target.closest("[data-formset-remove]");
    if (remover) remove(remover, set);
  });

  const start = () => {
    for (const button of document.querySelectorAll("[data-formset-add], [data-formset-remove]")) button.hidden = false;
  };
  for (const moment of ["DOMContentLoaded", "htmx:load"]) document.addEventListener(moment, start);
  if (document.readyState !== "loading") start();
}
