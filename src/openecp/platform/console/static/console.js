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
