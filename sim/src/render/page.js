// Theme, copying, and the filter of failures and runs. Nothing here asks a network.
(() => {
  'use strict';
  const root = document.documentElement;
  const button = document.getElementById('theme');
  const show = () => { button.textContent = root.dataset.theme === 'dark' ? 'Light' : 'Dark'; };
  button.addEventListener('click', () => {
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    show();
    window.dispatchEvent(new Event('themechange'));
  });
  show();

  document.addEventListener('click', (event) => {
    const copy = event.target.closest('button.copy');
    if (!copy) return;
    const code = copy.parentElement.querySelector('code');
    const done = () => {
      copy.textContent = 'Copied';
      setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
    };
    const select = () => {
      // Where the clipboard is not to be had, the line is selected, ready for the keyboard.
      getSelection().selectAllChildren(code);
      copy.textContent = 'Selected';
    };
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(code.textContent).then(done, select);
  });

  const filter = document.getElementById('filter');
  const shown = document.getElementById('shown');
  if (filter) {
    const rows = [...document.querySelectorAll('[data-find]')];
    const apply = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of rows) {
        const text = row.dataset.find.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden && row.tagName === 'TR') count += 1;
      }
      shown.textContent = words.length ? `${count} runs match` : '';
    };
    filter.addEventListener('input', apply);
  }
})();
