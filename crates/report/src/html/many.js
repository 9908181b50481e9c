'use strict';
(() => {
  const table = document.getElementById('table'), form = document.getElementById('filter');
  const search = document.getElementById('search'), shown = document.getElementById('shown');
  const entries = [...table.tBodies], boxes = [...form.querySelectorAll('[type=checkbox]')];
  const words = new Map(entries.map(entry => [entry, entry.rows[0].textContent.toLowerCase()]));

  const filter = () => {
    const wanted = new Set(boxes.filter(box => box.checked).map(box => box.name));
    const parts = search.value.toLowerCase().split(' ').filter(part => part !== '');
    let number = 0;
    for (const entry of entries) {
      const text = words.get(entry);
      entry.hidden = !wanted.has(entry.dataset.verdict) || !parts.every(part => text.includes(part));
      if (!entry.hidden) number += 1;
    }
    shown.textContent = number + ' of ' + entries.length;
  };

  const value = (entry, column) => {
    const cell = entry.rows[0].cells[column], own = cell.dataset.value;
    if (own === undefined) return cell.textContent;
    return own === '' ? -Infinity : Number(own);
  };
  const compare = (a, b) => typeof a === 'number' ? a - b : a.localeCompare(b, 'en', {numeric: true});
  const heads = [...table.tHead.rows[0].cells];
  const sort = column => {
    const down = heads[column].getAttribute('aria-sort') === 'ascending';
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    const sign = down ? -1 : 1;
    entries.sort((a, b) => sign * compare(value(a, column), value(b, column)));
    table.append(...entries);
  };

  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => sort(column));
    head.replaceChildren(button);
  });
  form.addEventListener('input', filter);
  form.addEventListener('submit', event => event.preventDefault());
  form.hidden = false;
  filter();
})();
