// The keys 1 to 5 choose a score of the question that has the focus, and lead to the next question.
document.addEventListener("keydown", (event) => {
  const form = event.target instanceof Element && event.target.closest("form[data-scores]");
  if (!form || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.matches("textarea, input:not([type=radio])") || !/^[1-5]$/.test(event.key)) return;
  const questions = [...form.querySelectorAll("[data-question]")];
  const here = event.target.closest("[data-question]") || questions[0];
  const choice = here.querySelector(`input[value="${event.key}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.dispatchEvent(new Event("input", { bubbles: true }));
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  const next = questions[questions.indexOf(here) + 1];
  const stop = next ? next.querySelector("input:checked") || next.querySelector("input") : form.querySelector("textarea");
  stop?.focus();
});
