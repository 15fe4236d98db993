/* Enlarges a figure in a dialog, by click, touch or keyboard. */
(() => {
  "use strict";

  const word = (text) => window.exptdirWords?.[text] ?? text;
  let dialog = null;

  function makeDialog() {
    const made = document.createElement("dialog");
    made.className = "exptdir-enlarged";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "\u00d7";
    close.setAttribute("aria-label", word("Close"));
    const image = document.createElement("img");
    made.append(close, image);
    /* The backdrop, the figure and the button all close it. */
    made.addEventListener("click", () => made.close());
    document.body.append(made);
    return made;
  }

  function enlarge(image, opener) {
    dialog ??= makeDialog();
    const large = dialog.querySelector("img");
    large.src = image.currentSrc || image.src;
    large.alt = image.alt;
    if (image.alt) dialog.setAttribute("aria-label", image.alt);
    else dialog.removeAttribute("aria-label");
    dialog.addEventListener("close", () => opener.focus({ preventScroll: true }), { once: true });
    dialog.showModal();
  }

  /* Sphinx makes an image of a given size a link to the image itself; any other link is the author's. */
  function openerOf(image) {
    const link = image.closest("a");
    if (link === null) return image;
    // The preview shows a new version of a figure by a query behind its address.
    return link.href === (image.currentSrc || image.src).split("?")[0] ? link : null;
  }

  function prepare(image) {
    const opener = openerOf(image);
    if (opener === null) return;
    image.classList.add("exptdir-enlarges");
    opener.setAttribute("aria-haspopup", "dialog");
    if (opener === image) {
      image.setAttribute("role", "button");
      image.tabIndex = 0;
      if (!image.alt) image.setAttribute("aria-label", word("Enlarge the figure"));
      image.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        enlarge(image, image);
      });
    }
    opener.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      enlarge(image, opener);
    });
  }

  const FIGURE = "img.exptdir-figure";

  document.querySelectorAll(FIGURE).forEach(prepare);
  /* The preview has changed the page in place. */
  document.addEventListener("exptdir:updated", ({ detail }) => {
    const found = detail.nodes.flatMap((node) => [node, ...(node.querySelectorAll?.(FIGURE) ?? [])]);
    const fresh = found.filter((node) => node.matches?.(`${FIGURE}:not(.exptdir-enlarges)`));
    new Set(fresh).forEach(prepare);
  });
})();
