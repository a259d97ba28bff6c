/* Shows the entry behind a reference beside it, from the full log that stands on the page already.
   Without this, each reference is a link to its row there; with the keyboard it stays one. */

const PATIENCE = 250; // ms, so that nothing opens or closes on the way past

const shown = document.createElement("div");
shown.id = "shown-entry";
shown.className = "entry";
shown.popover = "manual";
shown.setAttribute("role", "note");
const told = document.createElement("p");
const onwards = document.createElement("p");
shown.append(told, onwards);

let behind = null; // the reference whose entry is shown
let waiting = 0;

function cellsOf(reference) {
  const anchor = document.getElementById(reference.hash.slice(1));
  return anchor ? [...anchor.closest("tr").cells].map((cell) => cell.textContent) : [];
}

function link(address, words) {
  const made = document.createElement("a");
  made.href = address;
  made.textContent = words;
  return made;
}

function place(reference) {
  const at = reference.getBoundingClientRect();
  const room = document.documentElement.clientWidth - shown.offsetWidth - 8;
  const below = at.bottom + 6;
  const fits = below + shown.offsetHeight < document.documentElement.clientHeight;
  shown.style.left = `${Math.max(8, Math.min(at.left, room))}px`;
  shown.style.top = `${fits ? below : Math.max(8, at.top - shown.offsetHeight - 6)}px`;
}

function show(reference) {
  clearTimeout(waiting);
  const cells = cellsOf(reference);
  if (!cells.length || behind === reference) return;
  hide();
  behind = reference;
  told.textContent = cells.join(" · ");
  const here = location.pathname;
  const name = encodeURIComponent(reference.textContent);
  onwards.replaceChildren(
    link(reference.hash, "In the full log"), " · ", link(`${here}/comments?about=${name}#write`, "Comment on it"),
  );
  reference.setAttribute("aria-describedby", shown.id);
  reference.after(shown); // so that the links in it come next with the keyboard
  shown.showPopover();
  place(reference);
}

function hide() {
  clearTimeout(waiting);
  if (!behind) return;
  behind.removeAttribute("aria-describedby");
  behind = null;
  shown.hidePopover();
  shown.remove();
}

function soon(action) {
  clearTimeout(waiting);
  waiting = setTimeout(action, PATIENCE);
}

for (const reference of document.querySelectorAll('.document a[href^="#e"]:has(code)')) {
  reference.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && soon(() => show(reference)));
  reference.addEventListener("pointerleave", () => soon(hide));
  reference.addEventListener("focus", () => reference.matches(":focus-visible") && show(reference));
  reference.addEventListener("click", (event) => {
    if (event.detail === 0) return hide(); // the keyboard follows the link
    event.preventDefault();
    show(reference);
  });
}
shown.addEventListener("pointerenter", () => clearTimeout(waiting));
shown.addEventListener("pointerleave", () => soon(hide));
document.addEventListener("focusin", (event) => {
  if (behind && event.target !== behind && !shown.contains(event.target)) hide();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("click", (event) => {
  if (behind && event.target.closest("a") !== behind && !shown.contains(event.target)) hide();
});
