/* The review queue with keys. Each word is kept in this browser until the server has confirmed it, so that a lost
   connection or a closed tab loses none; the server takes the same word twice as once. Texts of posts are never
   kept: the page of the next batch is fetched ahead, and lies in memory until the server has given the batch.
   Without this file the forms of the page do the same, one request a word. */

let queue = document.getElementById("queue");
let words = document.getElementById("words").dataset;
let { batch } = queue.dataset;
const { person, csrf } = queue.dataset;
const AHEAD = 5; /* posts that are left when the next batch is fetched */
const AHEAD_FOR = 9 * 60_000; /* it is put aside for ten minutes */
const RETRY_AT_MOST = 30_000;
const ANSWER_WITHIN = 15_000;
const RENEW_AT = 10; /* minutes before a lease ends; whoever worked as recently keeps the batch */
const PREFIX = `watchfloor.outbox:${person}:`;
const LEASES = new Set(["LEASE_EXPIRED", "LEASE_MISSING"]);

/* ---- what is kept until it is confirmed ---- */

const outbox = {
  all() {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))
      .map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }))
      .sort((one, other) => one.stamp - other.stamp);
  },
  waiting: () => outbox.all().filter((word) => !word.refused),
  put(word) {
    const key = `${PREFIX}${word.batch}:${word.item}`;
    localStorage.setItem(key, JSON.stringify({ ...word, stamp: Date.now() + Math.random() }));
  },
  /* Somebody may have changed their mind while it was on its way: then the newer word stays. */
  drop(word) {
    if (outbox.holds(word)) localStorage.removeItem(word.key);
  },
  refuse(word, refused, code) {
    if (outbox.holds(word)) localStorage.setItem(word.key, JSON.stringify({ ...word, refused, code }));
  },
  holds(word) {
    return JSON.parse(localStorage.getItem(word.key) ?? "{}").stamp === word.stamp;
  },
};

/* ---- sending, in the order in which it was said ---- */

let sending = false;
let delay = 0;
let timer = 0;
let trouble = "";
let handIn = null; /* what was pressed before all was sent */

async function send() {
  if (sending) return;
  sending = true;
  trouble = "";
  clearTimeout(timer);
  try {
    for (let some = together(outbox.waiting()); some.length; some = together(outbox.waiting())) {
      trouble = await deliver(some);
      if (trouble) break;
      delay = 0;
      show();
    }
  } finally {
    sending = false;
  }
  if (trouble) {
    later();
  } else if (handIn) {
    const { form, submitter } = handIn;
    handIn = null;
    form.requestSubmit(submitter);
  }
  show();
}

function later() {
  delay = Math.min(RETRY_AT_MOST, delay * 2 || 1_000);
  timer = setTimeout(send, delay);
}

/* The first of what waits, with what follows it and may go in one request with it. */
function together([first, ...rest]) {
  if (!first) return [];
  if (first.say === "skip") return [first];
  const other = rest.findIndex((word) =>
    word.say === "skip" || word.batch !== first.batch || word.guideline !== first.guideline);
  return [first, ...(other < 0 ? rest : rest.slice(0, other))].slice(0, 100);
}

/* Send words; an empty string where the server has answered, else what hinders it. */
async function deliver(some, again = true) {
  const [first] = some;
  const body = first.say === "skip"
    ? { item: first.item, reason: first.why }
    : { guideline_version: first.guideline, decisions: some.map(judgement) };
  const answer = await post(`${first.batch}/${first.say === "skip" ? "skips" : "decisions"}`, body);
  if (answer === null || answer.status >= 500 || answer.status === 429) return words.offline;
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) {
    some.filter(outbox.holds).forEach((word) => { outbox.drop(word); confirm(word); });
    return "";
  }
  if (answer.status === 401 || told.code === "FOREIGN_FORM") return words.signedOut;
  const code = told.reasons?.[0]?.code ?? told.code;
  if (again && LEASES.has(code) && (await post(`${first.batch}/claim`))?.ok) return deliver(some, false);
  if (some.length > 1) return oneByOne(some);
  refuse(first, told, code);
  return "";
}

async function oneByOne(some) {
  for (const word of some) {
    const hinders = await deliver([word]);
    if (hinders) return hinders;
  }
  return "";
}

async function post(path, body) {
  try {
    return await fetch(`/api/v1/batches/${encodeURI(path)}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Watchfloor-CSRF": csrf },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
  } catch {
    return null;
  }
}

function judgement(word) {
  const said = { item: word.item, verdict: word.say, rationale: word.why };
  if (word.say !== "violates") return said;
  const [policy, clause] = word.clause.split("/");
  return { ...said, policy, clause, action: word.action || null };
}

function refuse(word, told, code) {
  const sentences = (told.reasons ?? []).map((reason) => reason.sentence);
  outbox.refuse(word, [told.detail ?? "", ...sentences].join(" "), code);
}

/* ---- what is to be seen ---- */

let posts = [...queue.querySelectorAll(".post")];
const cardOf = (word) => word.batch === batch && posts.find((card) => card.dataset.item === word.item);
let confirmed = 0;
let shown = 0;

function confirm(word) {
  confirmed += 1;
  const card = cardOf(word);
  if (card) card.querySelector(".word").textContent = word.label;
}

/* A word that is confirmed at once is no news: what waits is told after a moment, and nothing until then. */
function show() {
  clearTimeout(shown);
  const fresh = outbox.waiting().length && !trouble;
  if (fresh) document.getElementById("outbox").textContent = "";
  shown = setTimeout(tell, fresh ? 600 : 0);
}

function tell() {
  const waiting = outbox.waiting();
  const line = document.getElementById("outbox");
  const said = waiting.length ? `${words.waits.replace("{n}", waiting.length)}. ${trouble}` : trouble || words.kept;
  line.hidden = !waiting.length && !confirmed && !trouble;
  line.classList.toggle("waits", waiting.length > 0 || trouble !== "");
  if (line.textContent !== said) line.textContent = said;
  const refused = outbox.all().filter((word) => word.refused);
  const elsewhere = refused.filter((word) => !tellBeside(word));
  const list = document.getElementById("not-taken");
  list.hidden = !elsewhere.length;
  list.replaceChildren(...elsewhere.map(notTaken));
  progress();
}

function tellBeside(word) {
  const card = cardOf(word);
  if (!card) return false;
  mark(card, false);
  card.querySelector(".word").textContent = "";
  const place = card.querySelector(".refusal");
  if (!place) return false;
  place.replaceChildren(Object.assign(document.createElement("p"), { className: "refused", textContent: word.refused }));
  return true;
}

function notTaken(word) {
  const row = document.createElement("li");
  const forget = Object.assign(document.createElement("button"), { className: "quiet", textContent: words.forget });
  forget.addEventListener("click", () => { outbox.drop(word); tell(); });
  row.append(`${word.batch}, ${word.label}: ${word.refused} `, forget);
  return row;
}

function mark(card, said, skipped = false) {
  card.classList.toggle("said", said);
  card.classList.toggle("skipped", skipped);
  card.classList.remove("changing");
  const change = card.querySelector(".change");
  if (change) change.open = false;
  else if (said && !skipped && !card.querySelector(".reopen")) card.append(changeButton(card));
}

function changeButton(card) {
  const button = Object.assign(document.createElement("button"), { className: "quiet reopen", textContent: words.change });
  button.addEventListener("click", () => reopen(card));
  return button;
}

function progress() {
  const line = document.getElementById("progress");
  if (!line) return;
  const here = posts.filter((card) => !card.classList.contains("skipped"));
  const decided = here.filter((card) => card.classList.contains("said")).length;
  line.replaceChildren(
    Object.assign(document.createElement("strong"), { textContent: decided }), ` ${words.of} ${here.length}`);
}

/* ---- saying something of a post ---- */

let trail = [];

function say(card, verdict) {
  const form = card?.querySelector("form");
  if (!form) return;
  const field = (name) => form.elements[name];
  if (verdict !== "violates" && verdict !== "does_not_violate" && !field("why").value.trim()) {
    ask(card, verdict);
    return;
  }
  const clause = field("other").value.trim() || field("clause").value;
  const version = field("guideline").value;
  const label = [words[verdict], verdict === "violates" ? clause.replace("/", ": ") : ""].join(" ").trim();
  outbox.put({
    ...{ batch, item: card.dataset.item, say: verdict, clause, action: field("action").value, label },
    ...{ why: field("why").value.trim(), guideline: version === "" ? null : Number(version) },
  });
  card.querySelector(".refusal").replaceChildren();
  card.querySelector(".word").textContent = `${label} (${words.pending})`;
  form.querySelector(".more").open = false;
  delete form.dataset.intent;
  mark(card, true, verdict === "skip");
  trail.push(card);
  worked = Date.now();
  progress();
  show();
  fetchAhead();
  go(following(card) ?? document.querySelector("#hand-in [name=next]"));
  send();
}

function ask(card, verdict) {
  const form = card.querySelector("form");
  form.dataset.intent = verdict;
  form.querySelector(".more").open = true;
  form.elements.why.placeholder = words.why;
  form.elements.why.focus();
}

function following(card) {
  const start = posts.indexOf(card) + 1;
  const open = (one) => !one.classList.contains("said");
  return posts.slice(start).find(open) ?? posts.find(open);
}

/* ---- moving, and what is hidden ---- */

let current = null;
const veil = { key: `watchfloor.veil:${person}`, on: () => localStorage.getItem(veil.key) !== "off" };

function go(card) {
  if (current && current !== card && veil.on()) current.querySelector(".text").open = false;
  card?.focus();
  card?.scrollIntoView({ block: "nearest" });
  if (!card?.matches(".post")) return;
  current = card;
  if (!veil.on() && !card.classList.contains("said")) card.querySelector(".text").open = true;
}

function lift() {
  localStorage.setItem(veil.key, veil.on() ? "off" : "on");
  queue.classList.toggle("in-colour", !veil.on());
  if (current) current.querySelector(".text").open = !veil.on();
}

function reopen(card = lastSaid()) {
  if (!card) return;
  card.classList.add("changing");
  const change = card.querySelector(".change");
  if (change) change.open = true;
  go(card);
}

function lastSaid() {
  const canChange = (one) => one?.matches(".said:not([data-closed], .skipped)");
  while (trail.length) {
    const card = trail.pop();
    if (canChange(card)) return card;
  }
  return posts.filter(canChange).pop();
}

const step = (by) => go(posts[Math.max(0, Math.min(posts.length - 1, posts.indexOf(current) + by))]);
const isOpen = (card) => card && (!card.matches(".said") || card.matches(".changing") || card.querySelector(".change[open]"));

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => { const text = current?.querySelector(".text"); if (text) text.open = !text.open; },
  t: () => current?.querySelector(".translate button")?.click(),
  c: () => current?.querySelector(".context a")?.click(),
  n: () => isOpen(current) && say(current, "does_not_violate"),
  e: () => isOpen(current) && ask(current, "unsure"),
  s: () => isOpen(current) && ask(current, "skip"),
  u: () => reopen(),
  b: lift,
  f: () => document.querySelector("#hand-in [name=next]").click(),
  "?": () => document.getElementById("keys").showModal(),
};

function violates(number) {
  const clause = isOpen(current) && current.querySelector("[name=clause]");
  if (!clause || !clause.options[number - 1]) return;
  clause.selectedIndex = number - 1;
  current.querySelector("[name=other]").value = "";
  say(current, "violates");
}

function press(event) {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (typing && event.key === "Escape" && current) current.focus();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
  if (event.key !== "?" && localStorage.getItem(keysOff) === "off") return;
  const act = /^[1-9]$/.test(event.key) ? () => violates(Number(event.key)) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

const keysOff = `watchfloor.keys:${person}`;

/* ---- time ---- */

let start = Date.now();
let worked = start;
/* The clock of the batch may be a drill's, which shows another time than this machine's. */
const itsNow = () => Date.parse(queue.dataset.now) + Date.now() - start;
const minutesLeft = () => Math.ceil((Date.parse(queue.dataset.until) - itsNow()) / 60_000);

async function watchTime() {
  const isDue = queue.dataset.break && Date.now() >= Date.parse(queue.dataset.break);
  if (minutesLeft() <= RENEW_AT && Date.now() - worked < RENEW_AT * 60_000) {
    const held = await post(`${batch}/claim`);
    if (held?.ok) queue.dataset.until = (await held.json()).lease_expires_at;
  }
  const line = document.getElementById("time");
  const ends = minutesLeft() < RENEW_AT ? words.ends.replace("{n}", Math.max(0, minutesLeft())) : "";
  const said = [isDue ? words.break.replace("{n}", queue.dataset.breakMinutes) : "", ends].join(" ").trim();
  line.hidden = !said;
  if (line.textContent !== said) line.textContent = said;
}

/* ---- the next batch ---- */

let ahead = null; /* { page, at }: in memory alone, and shown once the server has given the batch */
let fetching = false;
let turning = false;

async function fetchAhead() {
  const left = posts.filter((card) => !card.classList.contains("said")).length;
  if (left > AHEAD || fetching || (ahead && Date.now() - ahead.at < AHEAD_FOR)) return;
  fetching = true;
  const body = new URLSearchParams({ csrf, team: queue.dataset.team });
  const answer = await fetch("/queue/ahead", { method: "POST", body, signal: AbortSignal.timeout(ANSWER_WITHIN) })
    .catch(() => null);
  const text = answer?.status === 200 ? await answer.text().catch(() => "") : "";
  ahead = text ? { page: new DOMParser().parseFromString(text, "text/html"), at: Date.now() } : null;
  fetching = false;
}

/* Hand the batch in and take the next. It is the server that gives it, and begins to count: breaks and limits are
   asked about then. Where it gives another one, or none, or under another guideline, its own page says so. */
async function turnOver(form, submitter) {
  turning = true;
  const next = ahead.page.getElementById("queue");
  const finished = await post(`${batch}/finish`);
  const taken = finished?.ok ? await post("claim", { team: queue.dataset.team }) : finished;
  if (taken === null || taken.status >= 500 || taken.status === 429) {
    handIn = { form, submitter };
    trouble = words.later;
    later();
    return tell();
  }
  const told = taken.ok ? await taken.json() : {};
  const version = told.guideline_version == null ? "" : String(told.guideline_version);
  if (told.batch?.id === next.dataset.batch && version === next.dataset.guideline) return open(told.batch);
  ahead = null;
  return form.requestSubmit(submitter);
}

function open(given) {
  const { page, at } = ahead;
  ahead = null;
  document.title = page.title;
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  history.replaceState(null, "", `/queue/${encodeURI(given.id)}`);
  queue = document.getElementById("queue");
  words = document.getElementById("words").dataset;
  batch = given.id;
  queue.dataset.until = given.lease_expires_at;
  posts = [...queue.querySelectorAll(".post")];
  [trail, current, confirmed, start, worked] = [[], null, 0, at, Date.now()];
  settle();
  tell();
}

/* ---- beginning ---- */

function takeUp(word) {
  const card = cardOf(word);
  if (!card) return;
  if (word.refused && !LEASES.has(word.code)) return;
  if (word.refused) localStorage.setItem(word.key, JSON.stringify({ ...word, refused: undefined, code: undefined }));
  mark(card, true, word.say === "skip");
  card.querySelector(".word").textContent = `${word.label} (${words.pending})`;
}

function submit(event) {
  const form = event.target;
  if (form.closest(".post")) {
    event.preventDefault();
    const verdict = event.submitter?.value || form.dataset.intent;
    if (verdict) say(form.closest(".post"), verdict);
  } else if (form.closest("#hand-in") && outbox.waiting().some((word) => word.batch === batch)) {
    event.preventDefault();
    handIn = { form, submitter: event.submitter };
    send();
  } else if (event.submitter?.name === "next" && ahead && Date.now() - ahead.at < AHEAD_FOR) {
    event.preventDefault();
    if (!turning) turnOver(form, event.submitter).finally(() => { turning = false; });
  }
}

/* What the page of a batch needs, be it loaded or fetched ahead. */
function settle() {
  queue.classList.add("scripted");
  queue.classList.toggle("in-colour", !veil.on());
  document.getElementById("keys-hint").hidden = false;
  const keysOn = document.getElementById("keys-on");
  keysOn.checked = localStorage.getItem(keysOff) !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem(keysOff, keysOn.checked ? "on" : "off"));
  outbox.all().forEach(takeUp);
  queue.addEventListener("submit", submit);
  queue.addEventListener("focusin", (event) => { current = event.target.closest(".post") ?? current; });
  go(posts.find((card) => `#${card.id}` === location.hash) ?? posts.find((card) => !card.matches(".said")) ?? posts[0]);
  watchTime();
  fetchAhead();
}

function begin() {
  settle();
  document.addEventListener("keydown", press);
  setInterval(watchTime, 20_000);
}

/* Where a browser keeps nothing, the forms go to the server as they are. */
function keeps() {
  try {
    localStorage.setItem(PREFIX.slice(0, -1), "");
    localStorage.removeItem(PREFIX.slice(0, -1));
    return true;
  } catch {
    return false;
  }
}

if (keeps()) {
  if (batch) begin();
  window.addEventListener("online", () => { delay = 0; send(); });
  window.addEventListener("storage", show);
  tell();
  send();
}
