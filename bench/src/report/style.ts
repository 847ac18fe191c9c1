/** The report's style: system fonts, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1d2330; --soft: #5c6575; --line: #d9dde4; --back: #fcfcfd; --ours: #2a6fdb; --theirs: #9aa4b2; --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ef; --soft: #9aa4b2; --line: #343b47; --back: #14181f; --ours: #6ea8fe; --theirs: #647083; --good: #5fcf95; --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 760px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.facts, .hint { color: var(--soft); } .hint { font-weight: 400; font-size: .85rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
figure { margin: 1.2rem 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--text); dominant-baseline: central; }
svg .label { text-anchor: end; } svg .strong { font-weight: 700; } svg .value { fill: var(--soft); }
svg .ours { fill: var(--ours); } svg .theirs { fill: var(--theirs); } svg .series1 { opacity: .5; }
table { border-collapse: collapse; width: 100%; } td, th { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); } .number { text-align: right; font-variant-numeric: tabular-nums; } .keys th { color: var(--soft); width: 16rem; }
.wide { overflow-x: auto; font-size: .85rem; } .wide td, .wide th { white-space: nowrap; }
details { margin: .3rem 0; } summary { cursor: pointer; }
`;
