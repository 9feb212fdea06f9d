"use strict";
// Marks evidence in the source text, and filters and sorts the matrix. Nothing here reads
// or writes anything outside the page.

// Evidence -------------------------------------------------------------------------------

let marked = null; // the statement whose evidence is marked

function pieces(button) {
  const response = button.closest(".response").id;
  return button.dataset.pieces.split(" ").map((number) => document.getElementById(response + "e" + number));
}

function unmark() {
  if (!marked) return;
  marked.removeAttribute("aria-current");
  for (const piece of pieces(marked)) {
    piece.classList.remove("on");
    piece.removeAttribute("tabindex");
  }
  marked = null;
}

// Marks what `button` rests on. With `go`, the reader is taken there and can return by Escape.
function mark(button, go) {
  unmark();
  marked = button;
  button.setAttribute("aria-current", "true");
  const evidence = pieces(button);
  for (const piece of evidence) piece.classList.add("on");
  reveal(evidence[0]);
  const status = document.getElementById("status");
  const quote = evidence.map((piece) => piece.textContent).join(" ").replace(/\s+/g, " ").trim();
  status.textContent = status.dataset.marked + " " + quote + (go ? " " + status.dataset.return : "");
  if (go) {
    evidence[0].tabIndex = -1;
    evidence[0].focus({ preventScroll: true });
  }
}

// Scrolls no more than needed: the panel of the source text where it scrolls, else the page.
function reveal(piece) {
  const panel = piece.closest(".source-text");
  if (panel.scrollHeight > panel.clientHeight + 1) {
    const distance = piece.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    panel.scrollTop += distance - panel.clientHeight / 4;
    panel.scrollIntoView({ block: "nearest" });
    const box = piece.getBoundingClientRect();
    if (box.top >= 0 && box.bottom <= window.innerHeight) return;
  }
  piece.scrollIntoView({ block: "center" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".cite");
  if (button) mark(button, true);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !marked || event.target.matches("input, select")) return;
  const button = marked;
  unmark();
  button.focus();
});

// A link to a statement marks its evidence too, and leaves the reader at the statement.
function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  // A row that a filter hides cannot be shown.
  if (target.hidden) {
    document.getElementById("filters").reset();
    target.hidden = false;
  }
  if (target.matches(".cite")) mark(target, false);
  if (target.matches(".cite, [tabindex]")) target.focus({ preventScroll: true });
  target.scrollIntoView({ block: target.matches("main, .response, .part, .theme, #top") ? "start" : "center" });
}

window.addEventListener("hashchange", follow);
document.addEventListener("click", (event) => {
  // The address does not change when the same link is followed twice.
  const link = event.target.closest("a[href^='#']");
  if (link && link.getAttribute("href") === location.hash) follow();
});
if (location.hash) follow();

// Matrix ---------------------------------------------------------------------------------

const table = document.getElementById("matrix-table");
const rows = Array.from(table.tBodies[0].rows, (row) => ({
  row,
  name: row.cells[0].textContent.toLowerCase(),
  stances: Array.from(row.cells).slice(1).map((cell) => Number(cell.dataset.stance)),
}));
const control = (name) => document.getElementById("filter-" + name);

function filter() {
  const text = control("text").value.trim().toLowerCase();
  const theme = control("theme").value;
  const stance = control("stance").value;
  const flagged = control("flag").checked;
  let shown = 0;
  for (const { row, name, stances } of rows) {
    // stances[0] is the response as a whole; the themes follow.
    const looked = theme === "" ? stances.slice(1) : stances.slice(Number(theme) + 1, Number(theme) + 2);
    const doubtful = theme === ""
      ? row.classList.contains("flagged")
      : row.cells[Number(theme) + 2]?.classList.contains("doubt");
    row.hidden = !name.includes(text)
      || (stance !== "" && !looked.includes(Number(stance)))
      || (flagged && !doubtful);
    if (!row.hidden) shown += 1;
  }
  const status = document.getElementById("status");
  document.getElementById("shown").textContent = status.dataset.shown
    .replace("{shown}", shown.toLocaleString(document.documentElement.lang))
    .replace("{all}", rows.length.toLocaleString(document.documentElement.lang));
}

const filters = document.getElementById("filters");
filters.addEventListener("input", filter);
filters.addEventListener("reset", () => setTimeout(filter));
filters.addEventListener("submit", (event) => event.preventDefault());
filter();

const byName = new Intl.Collator(document.documentElement.lang, { numeric: true });

table.tHead.addEventListener("click", (event) => {
  const head = event.target.closest("th");
  if (!head) return;
  const column = head.cellIndex;
  const descending = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  // Failures have no stances and come last, whichever way the others are sorted.
  const failed = ({ row }) => Number(row.classList.contains("failed"));
  const order = (a, b) => column === 0
    ? byName.compare(a.name, b.name)
    : (a.stances[column - 1] ?? 0) - (b.stances[column - 1] ?? 0);
  rows.sort((a, b) => (column > 0 && failed(a) - failed(b)) || (descending ? order(b, a) : order(a, b)));
  table.tBodies[0].append(...rows.map(({ row }) => row));
});

// Print ----------------------------------------------------------------------------------

let opened = [];
window.addEventListener("beforeprint", () => {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  for (const details of opened) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
