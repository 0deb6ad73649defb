// The inbox: a snapshot over GET, then every change over server-sent events.
// Numbers, texts and ids come from users: they go into the page as text content, never as markup.

const MOST_SHOWN = 200; // A load test must not make the page unusable.
const STATES = { pending: "Pending", verified: "Verified", expired: "Expired", cancelled: "Cancelled" };

const $ = (id) => document.getElementById(id);
const messages = new Map(); // By id, oldest first: {message, element}.
const requests = new Map(); // By id, oldest first: {request, expiresAt, state, row}.
let clock = null;
let filter = "";

// ---- The sandbox's clock

function setClock({ now, frozen }) {
  if (clock && clock.frozen !== frozen) announce(frozen ? "The clock is frozen." : "The clock runs.");
  clock = { at: Date.parse(now), frozen, read: performance.now() };
  $("freeze").textContent = frozen ? "Run" : "Freeze";
  $("frozen").hidden = !frozen;
  tick();
}

const sandboxNow = () => (clock.frozen ? clock.at : clock.at + performance.now() - clock.read);
const readable = (time) => new Date(time).toISOString().slice(0, 19).replace("T", " ");

function inMinutes(milliseconds) {
  // Rounded up, so that 00:00 is never shown while the code is still good.
  const seconds = Math.ceil(milliseconds / 1000);
  return [Math.floor(seconds / 60), seconds % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

function tick() {
  if (!clock) return;
  const now = sandboxNow();
  setText($("now"), readable(now));
  for (const entry of requests.values()) if (entry.request.state === "pending") settle(entry, now);
}

/** Brings a request's state and countdown up to `now`, and says so when the state changed. */
function settle(entry, now) {
  const { request, expiresAt, row } = entry;
  const over = request.state === "pending" && now >= expiresAt;
  const state = over ? "expired" : request.state;
  if (entry.state && entry.state !== state) announce(`The request for ${request.number} is ${state}.`);
  entry.state = state;
  if (!row) return;
  const badge = row.querySelector(".state");
  badge.dataset.state = state;
  setText(badge, STATES[state] ?? state);
  setText(row.querySelector(".left"), state === "pending" ? inMinutes(expiresAt - now) : "–");
}

// ---- What the page holds

function putMessage(message, known = messages.get(String(message.id))) {
  // A sandbox started anew counts from 1 again: the same id need not be the same message.
  const same = known?.message.request_id === message.request_id && known.message.sent_at === message.sent_at;
  messages.set(String(message.id), same ? known : { message, element: null });
  if (same) return;
  // Spaced, so that a screen reader says the code sign by sign.
  const code = message.code ? ` Code ${[...message.code].join(" ")}.` : "";
  announce(`New message to ${message.number}.${code}`);
}

function putRequest(request, known = requests.get(String(request.id))) {
  const entry = known ?? { state: null, row: null };
  entry.request = request;
  entry.expiresAt = Date.parse(request.expires_at);
  requests.set(String(request.id), entry);
  if (entry.row) fillRow(entry.row, request);
  if (clock) settle(entry, sandboxNow());
}

// ---- Drawing

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function copyOf(template) {
  return $(template).content.firstElementChild.cloneNode(true);
}

function messageElement(message) {
  const element = copyOf("message-template");
  const find = (selector) => element.querySelector(selector);
  const code = message.code ?? "";
  find(".number").textContent = message.number;
  find(".sent-at").textContent = readable(message.sent_at);
  find(".sent-at").dateTime = message.sent_at;
  find(".text").append(...emphasised(message.text, code));
  find(".code").textContent = code;
  find(".copy-what").textContent = `${code} sent to ${message.number}`;
  find(".code-line").hidden = code === "";
  find(".copy").addEventListener("click", (event) => copy(event.currentTarget, find(".code")));
  find(".sender").textContent = message.sender;
  find(".parts").textContent = message.parts;
  find(".of-request").hidden = !message.request_id; // A sender's own SMS belongs to none.
  find(".request-link").textContent = message.request_id;
  find(".request-link").href = `#request-${message.request_id}`;
  return element;
}

function emphasised(text, code) {
  if (code === "") return [text];
  return text.split(code).flatMap((part, at) => {
    if (at === 0) return [part];
    const mark = document.createElement("mark");
    mark.textContent = code;
    return [mark, part];
  });
}

function requestRow(request) {
  const row = copyOf("request-template");
  row.id = `request-${request.id}`;
  row.querySelector(".id").textContent = request.id;
  fillRow(row, request);
  return row;
}

function rowOf(entry) {
  if (!entry.row) {
    entry.row = requestRow(entry.request);
    if (clock) settle(entry, sandboxNow());
  }
  return entry.row;
}

function fillRow(row, request) {
  row.querySelector(".number").textContent = request.number;
  row.querySelector(".doubt").hidden = request.sms !== "unknown";
  row.querySelector(".attempts").textContent = request.attempts;
  row.querySelector(".resends").textContent = request.resends;
}

/** The newest entries that the filter lets through, and how many there are of them in all. */
function chosen(map, numberOf) {
  const found = [...map.values()].reverse().filter((entry) => digits(numberOf(entry)).includes(filter));
  return { found: found.length, shown: found.slice(0, MOST_SHOWN) };
}

const digits = (text) => text.replace(/\D/g, "");

/** Makes `elements` the children of `list`, touching only what differs, so that focus and selection stay. */
function arrange(list, elements, heading) {
  const keep = new Set(elements);
  const focusIsLost =
    list.contains(document.activeElement) && !elements.some((one) => one.contains(document.activeElement));
  for (const child of [...list.children]) if (!keep.has(child)) child.remove();
  if (focusIsLost) heading.focus();
  let next = list.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}

function note(element, all, found, shown, what, none) {
  if (all === 0) setText(element, none);
  else if (found === 0) setText(element, `No ${what} for this number.`);
  else if (shown < found) setText(element, `The newest ${shown} of ${found} ${what}s are shown.`);
  else setText(element, "");
  element.hidden = element.textContent === "";
}

function draw() {
  const inbox = chosen(messages, (entry) => entry.message.number);
  arrange(
    $("messages"),
    inbox.shown.map((entry) => (entry.element ??= messageElement(entry.message))),
    $("messages-title"),
  );
  $("messages").hidden = inbox.found === 0;
  $("welcome").hidden = messages.size > 0;
  for (const url of document.querySelectorAll(".again")) url.hidden = messages.size === 0; // The welcome has them.
  setText($("messages-count"), String(inbox.found));
  note($("messages-note"), messages.size, inbox.found, inbox.shown.length, "message", "");
  document.title = `Inbox (${messages.size}) – E-goi Verify sandbox`;

  const table = chosen(requests, (entry) => entry.request.number);
  arrange(
    $("requests"),
    table.shown.map((entry) => rowOf(entry)),
    $("requests-title"),
  );
  $("requests-table").hidden = table.found === 0;
  setText($("requests-count"), String(table.found));
  note($("requests-note"), requests.size, table.found, table.shown.length, "request", "No request yet.");
}

let drawing = 0;
function drawSoon() {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = 0;
    draw();
  }, 20);
}

// ---- Saying what happened

let sentences = [];
let speaking = 0;
let silent = true; // Until the first snapshot is in: what was there before is no news.

function announce(sentence) {
  if (silent) return;
  sentences.push(sentence);
  $("announcement").textContent = ""; // The same sentence twice is said twice.
  if (speaking) return;
  speaking = setTimeout(() => {
    const more = sentences.length - 3;
    $("announcement").textContent = sentences.slice(-3).join(" ") + (more > 0 ? ` And ${more} earlier changes.` : "");
    sentences = [];
    speaking = 0;
  }, 150);
}

function fail(reason) {
  $("failure").textContent = reason;
  $("failure").hidden = reason === "";
}

// ---- Talking to the sandbox

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    cache: "no-store",
    headers: method === "POST" ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path} responded with ${response.status}`);
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

async function act(method, path, body) {
  try {
    const response = await call(method, path, body);
    fail("");
    return response;
  } catch (error) {
    fail(`That did not work: ${error.message}.`);
    return null;
  }
}

async function changeClock(body) {
  const response = await act("POST", "/sandbox/clock", body);
  if (response?.now) setClock(response);
}

// What arrives while the snapshot is under way is applied on top of it; everything here can be applied twice.
let waiting = null;

const changes = {
  message: putMessage,
  request: putRequest,
  clock: setClock,
  emptied() {
    messages.clear();
    announce("The inbox is empty.");
  },
  reset() {
    messages.clear();
    requests.clear();
    announce("The sandbox was reset.");
  },
};

function apply(name, data) {
  if (waiting) return void waiting.push([name, data]);
  changes[name](data);
  drawSoon();
}

async function takeSnapshot() {
  const queue = [];
  waiting = queue;
  try {
    const [clockNow, inbox, table] = await Promise.all(
      ["/sandbox/clock", "/sandbox/messages", "/sandbox/requests"].map((path) => call("GET", path)),
    );
    if (waiting !== queue) return; // A newer connection takes its own.
    setClock(clockNow);
    replace(messages, inbox.messages, putMessage);
    replace(requests, table.requests, putRequest);
    fail("");
  } catch (error) {
    fail(`The sandbox could not be read: ${error.message}.`);
  }
  if (waiting !== queue) return;
  waiting = null;
  for (const [name, data] of queue) changes[name](data);
  draw();
  silent = false;
}

function replace(map, newestFirst, put) {
  const before = new Map(map);
  map.clear();
  for (const item of newestFirst.toReversed()) put(item, before.get(String(item.id)));
}

function connection(state, words) {
  $("connection").dataset.state = state;
  setText($("connection"), words);
}

function listen() {
  const events = new EventSource("/sandbox/events");
  for (const name of Object.keys(changes)) {
    events.addEventListener(name, ({ data }) => apply(name, data ? JSON.parse(data) : null));
  }
  events.addEventListener("open", () => {
    connection("live", "Live");
    takeSnapshot();
  });
  events.addEventListener("error", () => {
    connection("reconnecting", "Reconnecting…");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

// ---- Controls

async function copy(button, source) {
  const label = button.querySelector(".label");
  try {
    await navigator.clipboard.writeText(source.textContent);
    label.textContent = "Copied";
    announce("Copied.");
  } catch {
    // No clipboard away from localhost: leave the text selected.
    getSelection().selectAllChildren(source);
    label.textContent = "Selected";
    announce("Selected. Copy it with the keyboard.");
  }
  setTimeout(() => (label.textContent = "Copy"), 2000);
}

$("advance-1").addEventListener("click", () => changeClock({ advance: 60 }));
$("advance-10").addEventListener("click", () => changeClock({ advance: 600 }));
$("freeze").addEventListener("click", () => changeClock({ freeze: !clock?.frozen }));
$("empty").addEventListener("click", () => act("DELETE", "/sandbox/messages"));
$("reset").addEventListener("click", () => act("POST", "/sandbox/reset", {}));
$("filter").addEventListener("input", ({ target }) => {
  filter = digits(target.value).replace(/^00/, "");
  draw();
});
$("copy-command").addEventListener("click", (event) => copy(event.currentTarget, $("command")));
$("messages").addEventListener("click", ({ target }) => {
  const link = target.closest(".request-link");
  if (link) $(link.hash.slice(1))?.focus();
});

const { origin } = location;
for (const element of document.querySelectorAll(".v2-url")) element.textContent = `${origin}/api`;
for (const element of document.querySelectorAll(".v1-url")) element.textContent = `${origin}/api/public`;
$("command").textContent = `curl ${origin}/api/v2/verify/request \\
  -H 'ApiKey: any' -H 'Content-Type: application/json' \\
  -d '{"senderId":"1234","to":"351-910000000"}'`;

listen();
setInterval(tick, 250);
document.addEventListener("visibilitychange", async () => {
  // A machine that slept has missed time that performance.now() did not count.
  if (document.hidden) return;
  const response = await call("GET", "/sandbox/clock").catch(() => null);
  if (response) setClock(response);
});
