// A chart becomes interactive where somebody asks for it: what draws it is too large for every page.
const buttons = document.querySelectorAll("button[data-chart]");

for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", () => draw(button));
}

async function draw(button) {
  button.disabled = true;
  try {
    await import("/vega.js");
    const answer = await fetch(button.dataset.chart);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const picture = button.parentElement.querySelector("img");
    const drawn = document.createElement("div");
    // The page's policy forbids code that is made from text: expressions are interpreted instead.
    await window.vegaEmbed(drawn, withTooltips(await answer.json()), {
      actions: false, ast: true, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true },
    });
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", picture.alt);
    picture.replaceWith(drawn);
    button.remove();
  } catch (error) {
    button.disabled = false;
    button.textContent = `It could not be drawn (${error.message}). Try again`;
  }
}

function withTooltips(spec) {
  const config = { ...spec.config, mark: { ...spec.config?.mark, tooltip: true } };
  return { ...spec, config };
}
