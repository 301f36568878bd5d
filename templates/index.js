(() => {
  "use strict";
  const box = document.getElementById("filter");
  const said = document.getElementById("filtered");
  const rows = [...document.querySelectorAll("main tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
  box.parentElement.hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden && row.closest("#date")) shown += 1;
    }
    said.textContent = words.length ? String(shown) : "";
  });
  const key = (row, at) => row.cells[at].dataset.k ?? row.cells[at].textContent.trim();
  for (const head of document.querySelectorAll("main thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const table = head.closest("table");
      const at = head.cellIndex;
      const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      for (const body of table.tBodies) {
        const order = [...body.rows].map((row) => [key(row, at), row]);
        const numbers = order.every(([value]) => value === "" || !Number.isNaN(Number(value)));
        order.sort(([a], [b]) => down * (numbers ? Number(a || -Infinity) - Number(b || -Infinity) : a.localeCompare(b)));
        body.append(...order.map(([, row]) => row));
      }
    });
  }
})();
