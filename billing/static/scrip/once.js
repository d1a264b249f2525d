"use strict";

// <form data-once>: after the first submit its buttons are disabled, so that a double click sends one
// request. (The request token makes a second arrival harmless; this only spares the person the wait.)
{
  const held = new Map();

  const hold = (form) => {
    // Disabled buttons send nothing, so wait until the browser has read the name of the clicked one.
    setTimeout(() => {
      const buttons = [...form.elements].filter((control) => control.type === "submit" && !control.disabled);
      held.set(form, buttons);
      form.setAttribute("aria-busy", "true");
      for (const button of buttons) button.disabled = true;
    });
  };

  const release = (form) => {
    for (const button of held.get(form) ?? []) button.disabled = false;
    form.removeAttribute("aria-busy");
    held.delete(form);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (form.dataset.once === "sent") {
      event.preventDefault();
      return;
    }
    form.dataset.once = "sent";
    hold(form);
  });

  // Back to this page from the browser's memory: the form may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-once]")) {
      form.dataset.once = "";
      release(form);
    }
  });
}
