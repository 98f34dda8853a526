/** The style sheet of a report: one column, tables in boxes that scroll by themselves, charts that scale with it, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --text: #1c2530; --muted: #5a6675; --line: #d5dbe3; --faint: #eef1f5; --code: #f5f7fa;
  font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181f; --text: #e3e8ef; --muted: #9aa5b4; --line: #3a4452; --faint: #262d38; --code: #1d232c; }
}
body { max-width: 76rem; margin: 2rem auto; padding: 0 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; white-space: pre-wrap; }
h4 { font-size: .93rem; margin: 1rem 0 .4rem; }
small, figcaption, .legend, summary { color: var(--muted); font-size: .87rem; font-weight: 400; }
summary { cursor: pointer; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; line-height: 1.35; }
th, td { padding: .3rem 1.1rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--faint); }
th { font-weight: 600; overflow-wrap: normal; }
thead th { vertical-align: bottom; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 14rem; }
td small { display: block; }
tr > :first-child { position: sticky; left: 0; background: var(--page); }
tbody th { font-weight: 400; }
tbody th > div { width: max-content; max-width: min(20rem, 38vw); overflow-wrap: anywhere; }
tr.group th { font-weight: 600; padding-top: .9rem; }
tr.group th > div { position: sticky; left: 0; max-width: min(60rem, 85vw); }
figure { margin: 1.2rem 0; }
.drawing { background: #fff; width: fit-content; max-width: 100%; }
.drawing svg { display: block; max-width: 100%; height: auto; }
.drawing.narrow { display: none; }
@media (max-width: 900px) {
  .drawing { display: none; }
  .drawing.narrow { display: block; }
}
pre { background: var(--code); padding: .8rem 1rem; overflow-x: auto; }
.prompt > div { white-space: pre-wrap; border-left: 3px solid var(--line); margin: .4rem 0 .8rem; padding-left: .8rem; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: .8rem; }
.answer { border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; white-space: pre-wrap; }
.legend span { color: var(--text); }
.answer b { display: block; margin-bottom: .35rem; }`;
