// A signature drawn on the page is sent like an uploaded picture. Without this script the upload still works.
(() => {
  const form = document.querySelector("form[data-signature]");
  if (!form || !window.PointerEvent || !window.DataTransfer) return;
  const pad = form.querySelector(".signature-pad");
  const canvas = pad.querySelector("canvas");
  const file = form.querySelector("input[type=file]");
  const pen = canvas.getContext("2d");
  let drawn = false;

  const clear = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    drawn = false;
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };

  pad.hidden = false;
  clear();
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pen.strokeStyle = "#000";
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...place(event));
    pen.stroke();
    drawn = true;
  });
  pad.querySelector("[data-clear]").addEventListener("click", () => {
    clear();
    form.querySelector("[data-drawn]")?.remove(); // the one that came back with the form
  });
  file.required = false;
  file.closest(".field")?.querySelector(".required")?.remove();

  form.addEventListener("submit", (event) => {
    if (!drawn || file.files.length) return;
    event.preventDefault();
    canvas.toBlob((picture) => {
      const carried = new DataTransfer();
      carried.items.add(new File([picture], "signature.png", { type: "image/png" }));
      file.files = carried.files;
      form.submit();
    }, "image/png");
  });
})();
