/* Shows what is around a post beside it, where the link alone would lead to a page of its own. */

async function open(link) {
  const card = link.closest(".post");
  const shown = card.querySelector(".around-it");
  if (shown) {
    shown.remove();
    return;
  }
  const answer = await fetch(link.href).catch(() => null);
  const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page?.getElementById("context");
  if (!found) {
    location.assign(link.href); /* an error page, or none: the browser says it better */
    return;
  }
  /* Several may be open at once: an id names one place of a page. */
  found.removeAttribute("id");
  found.removeAttribute("aria-labelledby");
  found.querySelector("h2").removeAttribute("id");
  found.setAttribute("aria-label", link.textContent);
  found.className = "around-it";
  link.closest(".context").after(found);
}

/* On the document, as the queue of the next batch takes the place of the one before. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("#queue .context a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

/* What was opened around a post is closed with it. */
document.addEventListener("focusin", (event) => {
  const here = event.target.closest(".post");
  for (const one of here ? document.querySelectorAll(".around-it") : []) {
    if (!here.contains(one)) one.remove();
  }
});
