/**
 * What is always the same in the HTML page: its style and its script. Nothing from outside is in them, so their hashes can be in the page's
 * own content security policy, which then lets nothing else run and nothing be loaded.
 */

/** Light and dark as the reader's system is; fits a phone as well as paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1f2328;--soft:#59636e;--line:#d1d9e0;--head:#f6f8fa;--link:#0969da;
--critical:#8250df;--high:#cf222e;--medium:#bc4c00;--low:#0969da;--other:#59636e;--good:#1a7f37}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9198a1;--line:#3d444d;--head:#151b23;--link:#4493f8;
--critical:#ab7df8;--high:#f85149;--medium:#db6d28;--low:#4493f8;--other:#9198a1;--good:#3fb950}}
*{box-sizing:border-box}body{margin:0 auto;max-width:110rem;padding:1rem 1.5rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,sans-serif}h1{font-size:1.4rem}h2{font-size:1.15rem;margin:2.5rem 0 .5rem;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1.5rem 0 .5rem}a{color:var(--link)}p,ul{margin:.4rem 0}small,.soft{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{background:var(--head);white-space:nowrap}td.n,th.n{text-align:right}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--link)}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
.tag{display:inline-block;padding:0 .5em;border-radius:1em;border:1px solid currentColor;font-size:.8rem;font-weight:600;white-space:nowrap}
.CRITICAL{color:var(--critical)}.HIGH{color:var(--high)}.MEDIUM{color:var(--medium)}.LOW{color:var(--low)}
.NEGLIGIBLE,.UNKNOWN{color:var(--other)}.good{color:var(--good)}.warn{color:var(--medium)}
.find{position:sticky;top:0;background:var(--bg);padding:.5rem 0;z-index:1}
input[type=search]{width:100%;max-width:40rem;padding:.5rem .7rem;font:inherit;color:inherit;background:var(--head);
border:1px solid var(--line);border-radius:.4rem}details>summary{cursor:pointer}[hidden]{display:none}
@media print{.find{display:none}a{color:inherit}}
`;

/** Searching hides rows that lack a word, sorting reorders them; without script the page shows everything. */
export const SCRIPT = `
'use strict';
const field = document.querySelector('input[type=search]');
const count = document.querySelector('output');
const rows = [...document.querySelectorAll('tbody.found tr')].map(row => ({ row, text: row.textContent.toLowerCase() }));
const search = () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(word => word !== '');
  let shown = 0;
  for (const { row, text } of rows) {
    row.hidden = !words.every(word => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  count.textContent = words.length === 0 ? '' : shown + ' of ' + rows.length;
};
if (field) field.addEventListener('input', search);
const valueOf = (row, at) => row.cells[at].dataset.sort || row.cells[at].textContent;
const order = new Intl.Collator('en', { numeric: true });
for (const button of document.querySelectorAll('th button')) {
  button.addEventListener('click', () => {
    const head = button.closest('th');
    const isDown = head.getAttribute('aria-sort') === 'ascending';
    for (const other of head.parentElement.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
    const body = head.closest('table').tBodies[0];
    const sorted = [...body.rows].sort((a, b) => order.compare(valueOf(a, head.cellIndex), valueOf(b, head.cellIndex)));
    body.append(...(isDown ? sorted.reverse() : sorted));
  });
}
`;
