"use strict";

// <a href="/credits/7/void/" data-dialog>: shows the #confirmation of that page in a dialog. Whatever
// goes wrong, the link is simply followed: the page works without this script.
{
  const fetched = async (address) => {
    const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const part = page.getElementById("confirmation");
    if (!part) return null;
    // On that page an address without a path means that page; here it has to be spelled out.
    for (const form of part.querySelectorAll("form")) {
      form.setAttribute("action", new URL(form.getAttribute("action") || "", address).href);
    }
    for (const link of part.querySelectorAll("a[href]")) {
      link.setAttribute("href", new URL(link.getAttribute("href"), address).href);
    }
    return document.adoptNode(part);
  };

  const show = (part, link) => {
    const dialog = document.createElement("dialog");
    dialog.className = "sc-dialog";
    const heading = part.querySelector("h1, h2");
    if (heading) {
      heading.id ||= "sc-dialog-heading";
      dialog.setAttribute("aria-labelledby", heading.id);
    }
    dialog.append(part);
    dialog.addEventListener("close", () => {
      dialog.remove();
      link.focus();
    });
    (document.getElementById("content") ?? document.body).append(dialog);
    dialog.showModal();
    document.dispatchEvent(new CustomEvent("sc:added", { detail: dialog }));
  };

  document.addEventListener("click", async (event) => {
    const closer = event.target.closest("[data-dialog-close]");
    const around = closer?.closest("dialog");
    if (around) {
      event.preventDefault();
      around.close();
      return;
    }
    const link = event.target.closest("a[data-dialog]");
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || !window.HTMLDialogElement) return;
    if (new URL(link.href).origin !== location.origin) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy")) return;
    link.setAttribute("aria-busy", "true");
    try {
      const part = await fetched(link.href);
      if (part) show(part, link);
      else location.assign(link.href);
    } catch {
      location.assign(link.href);
    } finally {
      link.removeAttribute("aria-busy");
    }
  });
}
