
"use strict";
for (const table of document.querySelectorAll("table.list")) {
  const body = table.tBodies[0], rows = Array.from(body.rows);
  const count = table.previousElementSibling, input = count.previousElementSibling;
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every(word => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = shown + " of " + rows.length;
  };
  input.addEventListener("input", show);
  show();
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    let up = true;
    head.addEventListener("click", () => {
      const order = up ? 1 : -1;
      up = !up;
      const key = row => row.cells[column].textContent;
      rows.sort((a, b) => order * key(a).localeCompare(key(b), "en", { numeric: true }));
      body.append(...rows);
    });
  });
}
