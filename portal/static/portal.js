// What a page does more when scripts run: htmx from nearby when the CDN is silent, keyboard, menus, unsaved forms, chosen rows.
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("js");

  // ---- htmx: after two seconds without the CDN, the same version from the portal itself ----

  const CDN_PATIENCE = 2000;

  function htmxFromNearby(address) {
    if (window.htmx || document.querySelector("script[data-htmx-nearby]")) return;
    const late = document.querySelector("script[data-htmx-cdn]");
    // A script that has moved to another document is not run any more when it does arrive: htmx must not start twice.
    if (late) document.implementation.createHTMLDocument("").body.append(late);
    const script = document.createElement("script");
    script.src = address;
    script.dataset.htmxNearby = "";
    script.addEventListener("load", startLate);
    document.head.append(script);
  }

  // htmx begins when the page has been read, or at once where it is complete. A script that arrives in between, as one from elsewhere
  // mostly does, waits for an event that has been: it is told once more.
  function startLate() {
    if (isRead && document.readyState !== "complete") document.dispatchEvent(new Event("DOMContentLoaded"));
  }

  let isRead = false;
  const nearby = document.currentScript && document.currentScript.dataset.htmxLocal;
  if (nearby && !window.htmx) {
    document.addEventListener("DOMContentLoaded", () => (isRead = true), { once: true });
    const cdn = document.querySelector("script[data-htmx-cdn]");
    if (cdn) {
      cdn.addEventListener("load", startLate);
      cdn.addEventListener("error", () => htmxFromNearby(nearby));
    }
    setTimeout(() => htmxFromNearby(nearby), CDN_PATIENCE);
  }

  // ---- What a page asks for by the clock says so: it keeps no session awake ----

  document.addEventListener("htmx:configRequest", (event) => {
    if (!event.detail.triggeringEvent) event.detail.headers["X-Asked-By-Itself"] = "1";
  });

  // ---- Messages: announced, and closed by hand ----

  const messages = document.getElementById("messages");

  function closable(message) {
    if (message.querySelector(".close")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "close";
    button.setAttribute("aria-label", messages.dataset.close);
    button.textContent = "×";
    button.addEventListener("click", () => message.remove());
    message.append(button);
  }

  function say(text) {
    const message = document.createElement("div");
    message.className = "message message-warning";
    const words = document.createElement("span");
    words.textContent = text;
    message.append(words);
    closable(message);
    messages.replaceChildren(message);
  }

  if (messages) {
    const there = [...messages.children];
    there.forEach(closable);
    if (there.length) {
      // A live region is read when it changes: what the page came with is put in once more.
      setTimeout(() => messages.replaceChildren(...there), 150);
    }
    document.addEventListener("htmx:responseError", () => say(messages.dataset.failed));
    document.addEventListener("htmx:sendError", () => say(messages.dataset.silent));
    document.addEventListener("htmx:afterSwap", () => messages.querySelectorAll(".message").forEach(closable));
  }

  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();

  // ---- A page that is opened to write something: the cursor stands in the first empty field ----

  const FIELDS = ":is(main[data-begin] form[method=post], form[data-begin]) :is(input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea)";
  if (!location.hash && !document.querySelector("main [autofocus]")) {
    [...document.querySelectorAll(FIELDS)].find((field) => !field.value && field.checkVisibility())?.focus();
  }

  // ---- Menus: one open at a time, closed by Escape or a click elsewhere ----

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
  }

  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

  // ---- Keyboard ----

  let went = 0;

  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = target.closest("form");
      if (form) {
        event.preventDefault();
        form.requestSubmit();
      }
      return;
    }
    if (event.key === "Escape") {
      const open = document.querySelector("details.menu[open]");
      if (open) {
        closeMenus();
        open.querySelector("summary").focus();
      } else if (location.hash === "#rail") {
        location.hash = "#content";
      }
      return;
    }
    if (typing(target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      const search = document.querySelector("[data-search]") || document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === "?") {
      const help = document.getElementById("shortcuts");
      if (help && !help.open) help.showModal();
    } else if (event.key === "g") {
      went = event.timeStamp;
    } else if (went && event.timeStamp - went < 1500) {
      went = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    } else {
      // The last one is the page's own: on a customer's page `q` takes in a request of this customer.
      const act = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].at(-1);
      if (act && act.matches(".form-control")) {
        event.preventDefault(); // or the letter would stand in the field
        act.focus();
      } else if (act) act.click();
      else if (event.key === "j") walkRows(1);
      else if (event.key === "k") walkRows(-1);
      else if (event.key === "b") document.querySelector(".bulk-bar :is(button, select)")?.focus();
      else if (event.key === "x") document.activeElement.closest("tr")?.querySelector("td.pick input")?.click();
    }
  });

  // `j` and `k`: from the link of one row to that of the next, in a table, in lines of work, in the calls of the day.
  function walkRows(step) {
    const rows = [...document.querySelectorAll("main :is(table.list > tbody > tr, ul.lines > li, ol.calls > li)")];
    const links = rows.map((row) => row.querySelector("th a, .main a") || row.querySelector("a")).filter((link) => link && link.checkVisibility());
    const here = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
    (here < 0 ? links[0] : links[here + step])?.focus();
  }

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-dialog]");
    if (close) close.closest("dialog").close();
  });

  // ---- What had the focus went with an old list (a chip, the next page): the new one takes it ----

  let wentAlong = false;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event.detail;
    wentAlong = target.id !== "" && target !== document.activeElement && target.contains(document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const place = wentAlong && document.activeElement === document.body && document.getElementById(event.detail.target.id);
    if (!place) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  });

  // ---- Unsaved forms, and forms that are sent once ----

  let sending = false;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-unsaved]");
    if (form) form.classList.add("is-unsaved");
  });
  // After a refusal (422) the page holds what was typed and nothing of it is stored.
  if (summary) document.querySelectorAll("form[data-unsaved]:not([data-stored])").forEach((form) => form.classList.add("is-unsaved"));
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-unsaved]")) sending = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!sending && document.querySelector("form.is-unsaved")) event.preventDefault();
  });
  addEventListener("pageshow", () => (sending = false));

  // ---- Suggestions: arrows walk through the links, Escape and leaving close them ----

  document.addEventListener("keydown", (event) => {
    const chooser = event.target instanceof Element && event.target.closest(".chooser");
    const list = chooser && chooser.querySelector(".suggestions");
    if (!list || event.isComposing) return;
    const stops = [chooser.querySelector("input[type=search]"), ...list.querySelectorAll("a, button")];
    if (event.key === "Escape") {
      list.replaceChildren();
      stops[0].focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    }
  });
  // A suggestion that is a button is taken into the field; without scripts it is sent with the form.
  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-pick]");
    if (!choice) return;
    event.preventDefault();
    const chooser = choice.closest(".chooser");
    chooser.querySelector("input").value = choice.value;
    chooser.querySelector(".suggestions").replaceChildren();
    chooser.querySelector("input").focus();
    choice.form?.classList.add("is-unsaved");
  });
  document.addEventListener("focusout", (event) => {
    const chooser = event.target.closest(".chooser");
    if (chooser && event.relatedTarget && !chooser.contains(event.relatedTarget)) chooser.querySelector(".suggestions")?.replaceChildren();
  });

  // ---- Chosen rows ----

  function prepareBulk() {
    for (const box of document.querySelectorAll("[data-pick-all]")) box.hidden = false;
    document.querySelectorAll("form.bulk").forEach(countChosen);
  }

  function countChosen(form) {
    const boxes = [...form.querySelectorAll("td.pick input")];
    const chosen = boxes.filter((box) => box.checked).length;
    for (const place of form.querySelectorAll("[data-chosen]")) place.textContent = String(chosen);
    const all = form.querySelector("[data-pick-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.bulk");
    if (!form) return;
    if (event.target.matches("[data-pick-all]")) {
      for (const box of form.querySelectorAll("td.pick input")) box.checked = event.target.checked;
    }
    countChosen(form);
  });
  document.addEventListener("htmx:afterSwap", prepareBulk);
  prepareBulk();

  // ---- Tabs: the current one is in sight where the strip is wider than the page (a telephone) ----

  function showCurrentTab() {
    for (const strip of document.querySelectorAll(".tabs ul")) {
      const current = strip.querySelector("[aria-current]");
      if (!current || strip.scrollWidth <= strip.clientWidth) continue;
      const [box, tab] = [strip.getBoundingClientRect(), current.getBoundingClientRect()];
      if (tab.left < box.left || tab.right > box.right) strip.scrollLeft += tab.left - box.left - (box.width - tab.width) / 2;
    }
  }
  document.addEventListener("htmx:afterSwap", showCurrentTab);
  showCurrentTab();
})();
