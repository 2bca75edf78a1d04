// SPDX-License-Identifier: Apache-2.0
// Everything here is a convenience: each page works without it.

document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");

const parts = document.querySelector("script[data-parts]")?.dataset.parts;
if (parts) {
  const { initAll } = await import(parts);
  initAll();
}

// Copy a text that stands in the page.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const lines = source.querySelectorAll("li");
  const text = lines.length ? Array.from(lines, (line) => line.textContent).join("\n") : source.textContent;
  if (!navigator.clipboard) { // not over HTTPS: mark the text, so that the keyboard can copy it
    getSelection().selectAllChildren(source);
    return;
  }
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 2000);
});

// A link into folded data opens what stands around its target.
function unfold() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let around = target; around; around = around.parentElement) {
    if (around.tagName === "DETAILS") around.open = true;
  }
  target.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", unfold);
unfold();

// A file that is sent shows how far it is; without script the browser sends it by itself.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || !form.querySelector("input[type=file]").files.length) return;
  event.preventDefault();
  const bar = form.querySelector("[data-upload-bar]");
  const button = form.querySelector("button[type=submit]");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => {
    const share = step.lengthComputable ? Math.floor((100 * step.loaded) / step.total) : 0;
    bar.querySelector("progress").value = share;
    bar.querySelector("[data-upload-share]").textContent = `${share} %`;
  });
  request.addEventListener("load", () => {
    if (request.status === 200 && request.responseURL !== form.action) {
      location.assign(request.responseURL); // the page of the file that was taken
      return;
    }
    document.open(); // the form again, with what is wrong
    document.write(request.responseText);
    document.close();
  });
  request.addEventListener("error", () => { bar.hidden = true; button.disabled = false; form.submit(); });
  bar.hidden = false;
  button.disabled = true;
  request.open("POST", form.action);
  request.send(new FormData(form));
});
