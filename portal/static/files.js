// Filing several files: each is sent by itself, with its progress and what became of it; a refused one keeps no other back.
"use strict";


// `filed` is how many are filed when this one is, where nothing is left to do after it: the page that opens then says so. Else 0.
function sendFile(form, file, line, alone, filed) {
  return new Promise((resolve) => {
    const bar = line.querySelector("progress");
    const data = new FormData(form);
    data.delete("files");
    if (!alone) data.delete("title");
    data.append("files", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Each-File", String(filed));
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    });
    request.addEventListener("loadend", () => {
      if (request.getResponseHeader("X-Outcome") === null) return resolve(request.status ? { page: request.responseText } : "silent");
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      line.replaceWith(answer.querySelector("#outcomes li"));
      resolve(request.status === 200 ? "filed" : "refused");
    });
    request.send(data);
  });
}

// The particulars are wrong: the page that says so takes the place of this one, and the files stay chosen.
function showRefused(form, page) {
  form.classList.remove("is-unsaved");
  const main = new DOMParser().parseFromString(page, "text/html").querySelector("main");
  const next = main?.querySelector("form[data-each-file]");
  if (!next) return form.submit(); // the session has ended: the page that says so comes by the usual way
  document.querySelector("main").replaceWith(main);
  next.querySelector("input[type=file]").replaceWith(form.querySelector("input[type=file]"));
  next.classList.add("is-unsaved");
  main.querySelector(".error-summary")?.focus();
}

async function sendEach(form, files) {
  const list = form.querySelector(".sent-files");
  const button = form.querySelector(".save-bar button");
  button.disabled = true;
  const lines = files.map((file) => {
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.className = "main";
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    line.append(name, bar);
    return line;
  });
  list.replaceChildren(...lines);
  const became = [];
  for (const [place, file] of files.entries()) {
    const last = place === files.length - 1 && !became.includes("refused");
    const result = await sendFile(form, file, lines[place], files.length === 1, last ? files.length : 0);
    became.push(result);
    if (result.page !== undefined || result === "silent") break;
  }
  button.disabled = false;
  const refused = became.find((one) => one.page !== undefined);
  if (refused) return showRefused(form, refused.page);
  if (became.includes("silent")) {
    const line = document.createElement("li");
    line.textContent = form.dataset.failed;
    return list.append(line);
  }
  form.classList.remove("is-unsaved");
  if (!became.includes("refused")) location.assign(form.dataset.then);
  else form.querySelector("input[type=file]").value = "";
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-each-file]")) return;
  const files = [...form.querySelector("input[type=file]").files];
  if (!files.length) return;
  event.preventDefault();
  sendEach(form, files);
});
